"""How papers and vectors stand on a search server, and how it is asked. The port over it: ``cluster``."""
