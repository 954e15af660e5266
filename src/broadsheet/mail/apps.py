"""Registers the room with Django."""

from django.apps import AppConfig


class MailConfig(AppConfig):
    """The mail room."""

    name = "broadsheet.mail"
