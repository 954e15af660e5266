"""How a feed is answered: made once while nothing changes, compressed, with strong ETag, Last-Modified and 304."""

import gzip
import hashlib
from collections.abc import Callable
from typing import Literal, NamedTuple

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import http_date, parse_etags, parse_http_date_safe

from broadsheet.errors import BadInput, BroadsheetError, Gone, NotFound
from broadsheet.feeds.json_feed import JSON, json_feed
from broadsheet.feeds.shape import Feed
from broadsheet.feeds.syndication import ATOM, RSS, atom, rss
from broadsheet.kept import standing, takes_gzip

Form = Literal["atom", "rss", "json"]
_WRITERS: dict[Form, Callable[[Feed], bytes]] = {"atom": atom, "rss": rss, "json": json_feed}
_TYPES: dict[Form, str] = {"atom": f"{ATOM}; charset=utf-8", "rss": f"{RSS}; charset=utf-8", "json": JSON}

KEPT = 15 * 60
"""Seconds for which a feed is kept at most, as some change with the hour alone."""
LARGEST = 150_000
"""Compressed bytes of a feed that is kept; one of some 200 entries. Larger ones would fill the memory."""
REMEMBERED = 7 * 86_400
AGAIN = 60
"""Seconds after which to come again for a feed that cannot be made now."""
FRESH = 5 * 60
"""Seconds after which a cache on the way asks again."""


class Kept(NamedTuple):
    """A feed as it is sent. digest: of its text. made: since when it is like this, in seconds since 1970."""

    packed: bytes
    digest: str
    made: int


def answer(
    request: HttpRequest, form: Form, name: str, make: Callable[[], Feed], *, secret: bool, own: str = ""
) -> HttpResponse:
    """Answer with a feed.

    name: what tells this feed from others, its options included. make: called where it is not kept. secret: it is one
    reader's, so neither caches on the way nor robots may hold it. own: what it depends on besides what all see.
    """
    told = f"{request.scheme}://{request.get_host()} {form} {name}"
    name = hashlib.blake2b(told.encode(), digest_size=16).hexdigest()
    key = f"feed-{name}-{_now_standing(own)}"
    feed: Kept | None = cache.get(key)
    if feed is None:
        try:
            feed = _keep(name, _WRITERS[form](make()))
        except (BadInput, NotFound, Gone):
            raise
        except BroadsheetError as error:  # the index, which opens in a moment: programs come again
            return HttpResponse(f"{error}\n", "text/plain; charset=utf-8", 503, headers={"Retry-After": str(AGAIN)})
        if len(feed.packed) <= LARGEST:
            cache.set(key, feed, KEPT)
    response = _known(request, feed) or _whole(request, form, feed)
    return _headed(response, feed, secret=secret)


def _now_standing(own: str) -> str:
    # The day is part of it, as a feed of so many days is another one tomorrow.
    asked = f"{standing()} {timezone.now():%Y-%m-%d} {own}"
    return hashlib.blake2b(asked.encode(), digest_size=16).hexdigest()


def _keep(name: str, text: bytes) -> Kept:
    """Pack a feed, and tell since when it is like this.

    That is when this process first saw it so: never earlier than the change, so that nobody who asks by time alone
    keeps an old feed; at worst the whole is sent to them once more.
    """
    digest = hashlib.blake2b(text, digest_size=12).hexdigest()
    before: tuple[str, int] | None = cache.get(f"feed-seen-{name}")
    if before and before[0] == digest:
        made = before[1]
    else:  # two changes in one second are told apart
        made = max(int(timezone.now().timestamp()), before[1] + 1 if before else 0)
    cache.set(f"feed-seen-{name}", (digest, made), REMEMBERED)
    return Kept(gzip.compress(text, 6, mtime=0), digest, made)


def _known(request: HttpRequest, feed: Kept) -> HttpResponse | None:
    """Return the answer for who has this feed already. A tag counts before a time, as RFC 9110 has it."""
    if asked := request.headers.get("If-None-Match"):
        tags = {tag.removeprefix("W/") for tag in parse_etags(asked)}
        mine = [tag for tag in (_etag(feed, packed=True), _etag(feed, packed=False)) if tag in tags]
        if not mine and "*" not in tags:
            return None
        same = _etag(feed, packed=takes_gzip(request))
        return _tagged(HttpResponseNotModified(), same if same in mine or not mine else mine[0])
    since = parse_http_date_safe(request.headers.get("If-Modified-Since", ""))
    if since is None or since < feed.made:
        return None
    return _tagged(HttpResponseNotModified(), _etag(feed, packed=takes_gzip(request)))


def _whole(request: HttpRequest, form: Form, feed: Kept) -> HttpResponse:
    packed = takes_gzip(request)
    text = feed.packed if packed else gzip.decompress(feed.packed)
    response = HttpResponse(text, content_type=_TYPES[form])
    if packed:
        response["Content-Encoding"] = "gzip"
    return _tagged(response, _etag(feed, packed=packed))


def _etag(feed: Kept, *, packed: bool) -> str:
    """Return the strong ETag of one of the two ways to send a feed."""
    return f'"{feed.digest}-gzip"' if packed else f'"{feed.digest}"'


def _tagged(response: HttpResponse, etag: str) -> HttpResponse:
    response["ETag"] = etag
    return response


def _headed(response: HttpResponse, feed: Kept, *, secret: bool) -> HttpResponse:
    response["Last-Modified"] = http_date(feed.made)
    patch_vary_headers(response, ["Accept-Encoding"])
    if secret:
        response["Cache-Control"] = "private, no-cache"
        response["X-Robots-Tag"] = "noindex"
        response["Referrer-Policy"] = "no-referrer"
    else:
        response["Cache-Control"] = f"public, max-age={FRESH}"
        response["Access-Control-Allow-Origin"] = "*"
    return response
