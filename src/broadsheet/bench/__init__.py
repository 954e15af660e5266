"""Measurements that anyone can repeat: each is a module with a ``run`` and a command of ``broadsheet bench``."""
