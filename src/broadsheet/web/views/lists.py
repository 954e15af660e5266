"""Pages of reading lists: one's own, those of others, and the forms that change them. Files are in ``exchange``."""

from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from broadsheet.accounts import readers
from broadsheet.accounts.models import User
from broadsheet.community import lists
from broadsheet.community.models import ReadingList
from broadsheet.errors import BadInput, SignInNeeded
from broadsheet.papers.models import Paper
from broadsheet.ranking.listings import Listing

PAGE_SIZE = 50
private = cache_control(private=True, no_store=True)


@private
@require_safe
def saved(request: HttpRequest) -> HttpResponse:
    """Show the papers saved for later."""
    reader = signed_in(request, "see what you saved")
    kept = lists.saved_of(reader)
    return _show(request, kept) if kept else render(request, "web/list.html", {"list": None})


@private
@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """Show a reader's own lists."""
    signed_in(request, "see your lists")
    mine = lists.mine(request.user).annotate(number=Count("items"))
    return render(request, "web/lists.html", {"lists": mine, "most": lists.MOST_LISTS})


@private
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Make a list, with its first paper where the form was opened from one."""
    signed_in(request, "make a list")
    if request.method != "POST":
        return render(request, "web/list_form.html", {"paper": request.GET.get("paper", "")[:64]})
    typed = _typed(request)
    key = request.POST.get("paper", "")
    try:
        made = lists.create(
            request.user, typed["title"], description=typed["description"], public=request.POST.get("public") == "yes"
        )
    except BadInput as error:
        return render(request, "web/list_form.html", {**typed, "paper": key[:64], "error": error}, status=400)
    if key:
        lists.add(request.user, made, paper_of(key))
    return HttpResponseRedirect(address(made))


@private
@require_safe
def page(request: HttpRequest, name: str, slug: str) -> HttpResponse:
    """Show a list: a public one to everybody, a private one to its owner; to others it is not there."""
    return _show(request, lists.find(request.user, name, slug))


@private
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: HttpRequest, slug: str) -> HttpResponse:
    """Change a list's title, description and who sees it."""
    held = own(request, slug)
    if request.method != "POST":
        context = {"list": held, "title": held.title, "description": held.description, "public": held.public}
        return render(request, "web/list_form.html", context)
    typed = _typed(request)
    try:
        lists.edit(request.user, held, **typed, public=request.POST.get("public") == "yes")
    except BadInput as error:
        context = {"list": held, **typed, "public": request.POST.get("public") == "yes", "error": error}
        return render(request, "web/list_form.html", context, status=400)
    return HttpResponseRedirect(address(held))


@require_POST
def delete(request: HttpRequest, slug: str) -> HttpResponse:
    """Delete a list."""
    held = own(request, slug)
    lists.delete(request.user, held)
    messages.success(request, f"The list “{held.title}” was deleted.")
    return HttpResponseRedirect(reverse("lists"))


@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Put a paper on the list that was chosen; without a choice a new list is begun."""
    signed_in(request, "keep papers in lists")
    paper = paper_of(request.POST.get("paper", ""))
    slug = request.POST.get("list", "")
    if not slug:
        return HttpResponseRedirect(f"{reverse('list-new')}?{urlencode({'paper': paper.key})}")
    held = lists.saved_list(request.user) if slug == lists.SAVED else own(request, slug)
    is_new = lists.add(request.user, held, paper)
    messages.success(request, f"{'Added to' if is_new else 'Already in'} “{held.title}”.")
    return HttpResponseRedirect(back(request, reverse("paper", args=[paper.key])))


@require_POST
def change(request: HttpRequest, slug: str) -> HttpResponse:
    """Move a paper of a list, set its note or take it out. do: up, down, place, note or remove."""
    held = own(request, slug)
    item = held.items.select_related("paper").filter(public_id=request.POST.get("item", "")[:24]).first()
    if item is None:
        raise Http404("No such place in this list.")
    place = held.items.filter(position__lt=item.position).count()
    match request.POST.get("do", ""):
        case "up" | "down" as way:
            place += 1 if way == "down" else -1
            lists.move(request.user, held, item.paper, place)
        case "place":
            place = _place(request.POST.get("place", "")) - 1
            lists.move(request.user, held, item.paper, place)
        case "note":
            lists.note(request.user, held, item.paper, request.POST.get("note", ""))
        case "remove":
            lists.remove(request.user, held, item.paper)
        case other:
            raise BadInput(f"{other[:20]!r} cannot be done to a place of a list.")
    number = min(max(place, 0), max(held.items.count() - 1, 0)) // PAGE_SIZE + 1
    return HttpResponseRedirect(f"{address(held)}{f'?p={number}' if number > 1 else ''}#item-{item.public_id}")


def own(request: HttpRequest, slug: str) -> ReadingList:
    """Return one of the visitor's own lists. Raises SignInNeeded, or NotFound where they have none of this slug."""
    return lists.find(request.user, signed_in(request, "change a list").username, slug)


def signed_in(request: HttpRequest, doing: str) -> User:
    """Return who is signed in. Raises SignInNeeded, which leads to signing in."""
    reader = readers.signed_in(request.user)
    if reader is None:
        raise SignInNeeded(f"Sign in to {doing}.")
    return reader


def address(reading_list: ReadingList) -> str:
    """Return the address of a list."""
    return reverse("list", args=[reading_list.owner.username, reading_list.slug])


def back(request: HttpRequest, otherwise: str) -> str:
    """Return the page of this site that a form was on, as far as it tells."""
    asked = request.POST.get("next", "")
    inside = url_has_allowed_host_and_scheme(asked, {request.get_host()}, require_https=request.is_secure())
    return asked if inside else otherwise


def paper_of(key: str) -> Paper:
    """Return a paper by its id. Raises Http404."""
    paper = Paper.objects.named(key)
    if paper is None:
        raise Http404(f"No paper {key[:60]!r} is known here.")
    return paper


def _show(request: HttpRequest, held: ReadingList) -> HttpResponse:
    found = Paginator(lists.items(held), PAGE_SIZE).get_page(request.GET.get("p", "1"))
    context = {
        "list": held,
        "listed": Listing("list", held.public_id) if held.public else None,
        "page": found,
        "items": [(found.start_index() + place, item) for place, item in enumerate(found)],
        "mine": request.user.is_authenticated and held.owner_id == request.user.pk,
    }
    return render(request, "web/list.html", context)


def _typed(request: HttpRequest) -> dict[str, str]:
    return {name: request.POST.get(name, "") for name in ("title", "description")}


def _place(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        raise BadInput(f"{text[:20]!r} is not a place in a list.", "Places are counted from 1.")
    return int(text)
