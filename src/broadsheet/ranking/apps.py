"""Registers the room with Django."""

from django.apps import AppConfig


class RankingConfig(AppConfig):
    """The ranking room."""

    name = "broadsheet.ranking"
