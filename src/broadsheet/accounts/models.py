"""The table of users. Tokens, sign-in and limits will live beside it; what a reader does lives in other rooms."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A person known to this instance. Our own from day one, because Django cannot change the user table later."""
