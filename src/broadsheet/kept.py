"""When what was made may be used again: shared by the pages and the feeds that are kept. Each keeps its own."""

from django.http import HttpRequest

from broadsheet.papers.models import Counter
from broadsheet.search import state


def standing() -> str:
    """Return a text that is another one once a paper, what readers did, or the index has changed."""
    changes = dict(Counter.objects.filter(name__in=("stamp", "activity")).values_list("name", "value"))
    known = state.read()
    return f"{sorted(changes.items())} {known.stamp} {known.vectors}"


def takes_gzip(request: HttpRequest) -> bool:
    """Whether a request asks for compressed answers, and does not just name gzip to refuse it."""
    accepted = request.headers.get("Accept-Encoding", "").replace(" ", "").lower()
    return "gzip" in accepted and "gzip;q=0," not in accepted + ","
