"""What papers should have come, what came, and what is missing."""
