"""Where papers come from. One file a source, each yields Records; no Django and no database in this room."""
