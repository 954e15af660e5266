"""The addresses of feeds: that of each list's page with ``.atom``, ``.rss`` or ``.json``, and the secret ones."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.urls import register_converter, reverse
from django.views.decorators.http import require_safe

from broadsheet.accounts import feed_keys
from broadsheet.accounts.models import User
from broadsheet.community import follows, lists
from broadsheet.errors import Gone, NotFound
from broadsheet.feeds import of_comments, of_papers
from broadsheet.feeds.answers import Form, answer
from broadsheet.feeds.options import Options
from broadsheet.feeds.shape import Feed
from broadsheet.papers.models import Paper
from broadsheet.ranking import followed, listings
from broadsheet.ranking.asked import searched
from broadsheet.ranking.listings import Listing


class FormConverter:
    """The form of a feed as it stands at the end of its address."""

    regex = "atom|rss|json"

    def to_python(self, value: str) -> str:
        """Return the form."""
        return value

    def to_url(self, value: str) -> str:
        """Return the ending."""
        return value


register_converter(FormConverter, "form")

ASKED = ("q", "category", "since", "until")


@require_safe
def newest(request: HttpRequest, form: Form) -> HttpResponse:
    """Answer with the newest editions; where a query is given, with what it finds."""
    if "q" not in request.GET:
        return listed(request, form, "day")
    asked = {name: request.GET.get(name, "") for name in ASKED}
    return _answer(request, form, lambda: searched(asked), repr(asked))


@require_safe
def listed(request: HttpRequest, form: Form, kind: str, **of: str) -> HttpResponse:
    """Answer with a list. of: what it is of, where its kind does not say all."""
    value = next(iter(of.values()), "")
    return _answer(request, form, lambda: listings.listing(kind, value))


@require_safe
def reading_list(request: HttpRequest, form: Form, name: str, slug: str) -> HttpResponse:
    """Answer with a public list; a private one is not here, but at its owner's secret address."""
    held = lists.find(AnonymousUser(), name, slug)
    # What readers do with lists is not counted among all changes, so a list tells of its own.
    return _answer(request, form, lambda: listings.listing("list", held.public_id), held.changed.isoformat())


@require_safe
def comments(request: HttpRequest, form: Form, key: str) -> HttpResponse:
    """Answer with the comments on a paper."""
    options = Options.read(request.GET)
    paper = Paper.objects.named(key)
    if paper is None:
        raise NotFound(f"No paper {key[:60]!r} is known here.", f"Nor is there a list with a feed at {request.path!r}.")
    site, path = site_of(request), _path(reverse("feed-comments", args=[paper.key, form]), options)
    return answer(request, form, path, lambda: of_comments.feed(paper, options, site=site, path=path), secret=False)


@require_safe
def secret(request: HttpRequest, form: Form, token: str) -> HttpResponse:
    """Answer with a private feed to whoever has its secret; 410 once that was reset."""
    reader, key = feed_keys.opened(token)
    options = Options.read(request.GET)
    found = private_listing(reader, key)
    site, path = site_of(request), _path(request.path, options)

    def make() -> Feed:
        return of_papers.feed(found, options, site=site, path=path, reader=reader)

    return answer(request, form, path, make, secret=True, own=followed.standing(reader))


def private_listing(reader: User, key: str) -> Listing:
    """Return a list of a reader by the key of its secret. Raises Gone for a search that is not saved any more."""
    kind, _, value = key.partition(":")
    if kind == "search" and not follows.follows(reader, kind, value):
        raise Gone("This feed has ended: its search is not saved any more.", "Follow the search again to have it back.")
    return listings.listing(kind, value, reader)


def site_of(request: HttpRequest) -> str:
    """Return the address of the site as its readers see it, without a slash at its end."""
    return settings.PUBLIC_URL.rstrip("/") or f"{request.scheme}://{request.get_host()}"


def _answer(request: HttpRequest, form: Form, find: Callable[[], Listing], asked: str = "") -> HttpResponse:
    options = Options.read(request.GET)
    site = site_of(request)

    def make() -> Feed:
        found = find()
        return of_papers.feed(found, options, site=site, path=_path(listings.feed_path(found, form), options))

    name = f"{request.path} {asked} {options.question()}"
    return answer(request, form, name, make, secret=False)


def _path(path: str, options: Options) -> str:
    """Return a path with the options of its feed."""
    question = options.question()
    return f"{path}{'&' if '?' in path else '?'}{question}" if question else path
