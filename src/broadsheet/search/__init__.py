"""Finding papers by words and by meaning. The index is derived data: it can always be made again from the papers."""
