"""What templates show of signing in by accounts elsewhere."""

from typing import NamedTuple

from django import template
from django.conf import settings

from broadsheet.accounts import connections

register = template.Library()


class Way(NamedTuple):
    """A provider that is switched on. word: as it stands in addresses."""

    word: str
    name: str


@register.simple_tag
def sign_in_with() -> list[Way]:
    """Return the providers by which readers can sign in here; none on a site of one reader."""
    if not connections.switched_on():
        return []
    return [Way(word, settings.PROVIDERS[word]["name"]) for word in dict.fromkeys(settings.SIGN_IN_WITH)]
