"""What every template knows of the site and of who reads."""

import contextlib
from collections.abc import Callable

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest

from broadsheet import __version__
from broadsheet.accounts import readers
from broadsheet.community import notifications
from broadsheet.web.onward import NOWHERE


def site(request: HttpRequest) -> dict[str, object]:
    """Return the values that the frame of each page shows."""
    typed = ""
    with contextlib.suppress(SuspiciousOperation):  # a query of too many fields still gets a page that says so
        typed = request.GET.get("q", "")[:2000]
    here = "" if request.path.startswith(NOWHERE) or request.path == "/" else request.path
    return {"version": __version__, "typed": typed, "mode": readers.mode(), "here": here, "unread": _unread(request)}


def _unread(request: HttpRequest) -> Callable[[], int]:
    """Return what counts the notifications not seen yet, only once a page shows it."""

    def count() -> int:
        reader = readers.signed_in(request.user)
        return notifications.unread(reader) if reader else 0

    return count
