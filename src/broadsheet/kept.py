"""When what was made may be used again: shared by the pages and the feeds that are kept. Each keeps its own."""

import re

from django.http import HttpRequest
from django.utils import timezone

from broadsheet.ledger.standing import front_line
from broadsheet.papers.models import Counter
from broadsheet.search import state

_GZIP = re.compile(r"gzip(?!;q=0(\.0*)?(,|$))")


def standing() -> str:
    """Return a text that is another one once a paper, what readers did, the index or the day's line has changed."""
    changes = dict(Counter.objects.filter(name__in=("stamp", "activity")).values_list("name", "value"))
    known = state.read()
    return f"{sorted(changes.items())} {known.stamp} {known.vectors} {front_line(timezone.now())}"


def takes_gzip(request: HttpRequest) -> bool:
    """Whether a request asks for compressed answers, and does not just name gzip to refuse it."""
    return bool(_GZIP.search(request.headers.get("Accept-Encoding", "").replace(" ", "").lower()))
