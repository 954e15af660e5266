"""Registers the room with Django."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """The web room."""

    name = "broadsheet.web"

    def ready(self) -> None:
        """Set up what holds for every page."""
        from broadsheet.web import tokens

        tokens.draw_at_once()
