"""Registers the room with Django."""

from django.apps import AppConfig


class PapersConfig(AppConfig):
    """The papers room."""

    name = "broadsheet.papers"
