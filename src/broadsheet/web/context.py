"""What every template knows of the site."""

from django.http import HttpRequest

from broadsheet import __version__


def site(request: HttpRequest) -> dict[str, object]:
    """Return the values that the frame of each page shows."""
    return {"version": __version__, "typed": request.GET.get("q", "")[:2000]}
