"""Registers the room with Django."""

from django.apps import AppConfig


class EnrichConfig(AppConfig):
    """The room of facts about papers."""

    name = "broadsheet.enrich"
