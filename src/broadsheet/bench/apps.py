"""Registers the room with Django."""

from django.apps import AppConfig


class BenchConfig(AppConfig):
    """The room of measurements."""

    name = "broadsheet.bench"
