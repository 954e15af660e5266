"""Whole pages kept for readers who are not signed in, with an ETag; a change of any paper makes them anew."""

import gzip
import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, NamedTuple, cast

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseNotModified
from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags

from broadsheet.kept import standing, takes_gzip


class Kept(NamedTuple):
    """A page as it is sent: compressed, as nearly every browser takes it; for the others it is unpacked."""

    packed: bytes
    etag: str
    content_type: str


type View[**P] = Callable[Concatenate[HttpRequest, P], HttpResponse]


def kept_page[**P](view: View[P]) -> View[P]:
    """Answer from the cache while nothing has changed, and with 304 to who has the page already.

    The key holds the number of the newest change and how far the index is, so nothing is ever cleared: old pages fall
    out by themselves. A page for a reader who is signed in shows what is theirs, and is made each time.
    """

    @wraps(view)
    def answer(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        told = "messages" in request.COOKIES  # a page that tells its visitor something is nobody else's
        if request.method not in ("GET", "HEAD") or request.user.is_authenticated or told:
            response = view(request, *args, **kwargs)
            response.headers.setdefault("Cache-Control", "private, no-store")
            return response
        key = _key(request)
        page: Kept | None = cache.get(key)
        if page is None:
            response = view(request, *args, **kwargs)
            if response.status_code != 200 or "no-store" in response.get("Cache-Control", ""):
                return response
            page = _keep(response)
            cache.set(key, page)
        return _send(request, page)

    return cast("View[P]", answer)


def _key(request: HttpRequest) -> str:
    page = request.GET.get("p", "")[:8]  # other parameters change nothing, and would only fill the memory
    asked = f"{request.get_host()} {request.path} {page} {standing()}"
    return "page-" + hashlib.blake2b(asked.encode(), digest_size=16).hexdigest()


def _keep(response: HttpResponse) -> Kept:
    body = response.content
    digest = hashlib.blake2b(body, digest_size=12).hexdigest()
    return Kept(gzip.compress(body, 4, mtime=0), f'W/"{digest}"', response["Content-Type"])


def _send(request: HttpRequest, page: Kept) -> HttpResponse:
    known = parse_etags(request.headers.get("If-None-Match", ""))
    response: HttpResponse
    if page.etag in known or "*" in known:
        response = HttpResponseNotModified()
    elif takes_gzip(request):
        response = HttpResponse(page.packed, content_type=page.content_type)
        response["Content-Encoding"] = "gzip"
    else:
        response = HttpResponse(gzip.decompress(page.packed), content_type=page.content_type)
    response["ETag"] = page.etag
    response["Cache-Control"] = "no-cache"
    patch_vary_headers(response, ("Accept", "Accept-Encoding", "Cookie"))
    return response
