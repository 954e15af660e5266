"""Keeping the index: filling, following, changes of model, and mending. Asking it: ``hybrid``."""
