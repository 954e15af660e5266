"""What every template knows of the site."""

import contextlib

from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest

from broadsheet import __version__


def site(request: HttpRequest) -> dict[str, object]:
    """Return the values that the frame of each page shows."""
    typed = ""
    with contextlib.suppress(SuspiciousOperation):  # a query of too many fields still gets a page that says so
        typed = request.GET.get("q", "")[:2000]
    return {"version": __version__, "typed": typed}
