"""Registers the room with Django, and takes over what the operator knows of holidays."""

from django.apps import AppConfig
from django.conf import settings


class LedgerConfig(AppConfig):
    """The room of the ledger."""

    name = "broadsheet.ledger"

    def ready(self) -> None:
        """Tell the calendar which days the operator added or took out."""
        from broadsheet.sources import arxiv_calendar

        arxiv_calendar.tell(*settings.HOLIDAYS)
