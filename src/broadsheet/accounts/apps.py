"""Registers the room with Django."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """The accounts room."""

    name = "broadsheet.accounts"

    def ready(self) -> None:
        """Have every sign-in remembered with its browser, whichever way it came."""
        from django.contrib.auth.signals import user_logged_in

        from broadsheet.accounts.sessions import remember_browser

        user_logged_in.connect(remember_browser, dispatch_uid="remember_browser")
