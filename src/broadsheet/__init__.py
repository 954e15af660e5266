"""Broadsheet: the daily papers, on your own machine. Only the version lives here."""

__version__ = "0.1.0"
