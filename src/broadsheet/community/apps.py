"""Registers the room with Django."""

from django.apps import AppConfig


class CommunityConfig(AppConfig):
    """The community room."""

    name = "broadsheet.community"
