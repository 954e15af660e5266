"""Registers the room with Django."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """The room of the ledger."""

    name = "broadsheet.ledger"
