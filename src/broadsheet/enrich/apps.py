"""Registers the room with Django."""

from django.apps import AppConfig


class EnrichConfig(AppConfig):
    """The room of facts about papers."""

    name = "broadsheet.enrich"

    def ready(self) -> None:
        """Let the facts that other places tell be shown among those of a paper's own text."""
        from broadsheet.enrich import elsewhere_looks, looks

        looks.LOOKS.update(elsewhere_looks.LOOKS)
