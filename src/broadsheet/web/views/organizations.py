"""The pages of organisations and of authors: who belongs to one, and which papers."""

from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from broadsheet.accounts import organizations, readers
from broadsheet.accounts.models import Organization, User
from broadsheet.community import groups
from broadsheet.errors import BadInput, NotFound
from broadsheet.papers.models import Paper
from broadsheet.ranking.listings import Listing
from broadsheet.web import paper_forms as forms
from broadsheet.web.cache import kept_page
from broadsheet.web.cards import dress
from broadsheet.web.views.submit import get_and_post

AUTHORS_PAPERS = 200
"""Papers on an author's page, the newest."""


@require_safe
@kept_page
def every(request: HttpRequest) -> HttpResponse:
    """List the organisations known here."""
    return render(request, "web/organizations.html", {"title": "Organisations", "groups": groups.groups()})


@get_and_post
def organization(request: HttpRequest, slug: str) -> HttpResponse:
    """Show an organisation and its papers; its forms join, leave, admit, dismiss and verify."""
    return _act(request, slug) if request.method == "POST" else _show(request, slug)


@kept_page
def _show(request: HttpRequest, slug: str) -> HttpResponse:
    group = groups.group(slug)
    page = Paginator(groups.papers_of(slug), settings.PAGE_SIZE).get_page(request.GET.get("p", "1"))
    papers = list(page.object_list)
    dress(request, papers, people=False)
    context: dict[str, object] = {
        "title": group.name,
        "group": group,
        "listed": Listing("organization", group.slug),
        "page": page,
        "papers": papers,
        "here": request.path,
    }
    if group.founded:
        own = organizations.membership(request.user, group.founded)
        leads = bool(own and own.owner) or getattr(request.user, "is_admin", False)
        asked = group.founded.join_requests.select_related("reader").order_by("made")
        context |= {
            "members": organizations.members(group.founded),
            "own": own,
            "leads": leads,
            "requests": asked if leads else [],
            "asked": request.user.is_authenticated and asked.filter(reader=request.user.pk).exists(),
        }
    return render(request, "web/organization.html", context)


def _act(request: HttpRequest, slug: str) -> HttpResponse:
    founded = groups.group(slug).founded
    if founded is None:
        raise NotFound(f"Nobody has founded {slug[:60]!r} here.", "Found it in your settings, if it is yours.")
    act = _ACTS.get(request.POST.get("do", ""))
    if act is None:
        raise BadInput("The form does not say what to do.", "Go back and use one of the buttons.")
    messages.success(request, act(request, founded))
    return redirect("organization", founded.slug)


def _join(request: HttpRequest, founded: Organization) -> str:
    organizations.ask_to_join(request.user, founded)
    return "The owners see your wish to join."


def _leave(request: HttpRequest, founded: Organization) -> str:
    organizations.leave(request.user, founded)
    return f"You have left {founded.name}."


def _admit(request: HttpRequest, founded: Organization) -> str:
    reader = _reader(request)
    organizations.admit(request.user, founded, reader)
    return f"{reader} is a member."


def _dismiss(request: HttpRequest, founded: Organization) -> str:
    reader = _reader(request)
    organizations.dismiss(request.user, founded, reader)
    return f"{reader} is no member."


def _own(request: HttpRequest, founded: Organization) -> str:
    reader = _reader(request)
    organizations.make_owner(request.user, founded, reader)
    return f"{reader} is an owner."


def _verify(request: HttpRequest, founded: Organization) -> str:
    groups.verify(request.user, founded, verified=True, reason=request.POST.get("reason", ""))
    return f"{founded.name} is verified."


def _doubt(request: HttpRequest, founded: Organization) -> str:
    groups.verify(request.user, founded, verified=False, reason=request.POST.get("reason", ""))
    return f"{founded.name} is not verified any more."


_ACTS: dict[str, Callable[[HttpRequest, Organization], str]] = {
    "join": _join,
    "leave": _leave,
    "admit": _admit,
    "dismiss": _dismiss,
    "own": _own,
    "verify": _verify,
    "doubt": _doubt,
}


def _reader(request: HttpRequest) -> User:
    name = request.POST.get("reader", "").replace("\0", "")
    found = User.objects.filter(username=name).first()
    if found is None:
        raise NotFound(f"There is no reader {name[:40]!r}.")
    return found


@get_and_post
@never_cache
def own(request: HttpRequest) -> HttpResponse:
    """Show the organisations one belongs to, and found one."""
    reader = readers.active(request.user, "found an organisation")
    form = forms.Found(request.POST if request.method == "POST" else None)
    if form.is_valid():
        given = form.cleaned_data
        made = form.does(lambda: organizations.found(reader, given["slug"].strip(), given["name"]), "slug")
        if made:
            messages.success(request, f"{made.name} is founded, and you are its owner.")
            return redirect("organization", made.slug)
    context = {"title": "Organisations", "pages": "settings-organizations", "form": form}
    context["memberships"] = reader.memberships.select_related("organization").order_by("organization__name")
    return render(request, "web/own_organizations.html", context, status=400 if form.errors else 200)


@get_and_post
@never_cache
def describe(request: HttpRequest, slug: str) -> HttpResponse:
    """Rename and describe an organisation, for its owners."""
    reader = readers.active(request.user, "change an organisation")
    founded = groups.group(slug).founded
    if founded is None:
        raise Http404
    organizations.check_owner(reader, founded)
    kept = {"name": founded.name, "about": founded.about, "website": founded.website}
    form = forms.Describe(request.POST if request.method == "POST" else None, initial=kept)
    if form.is_valid():
        given = form.cleaned_data
        if form.does(lambda: groups.describe(reader, founded, **given)):
            messages.success(request, "It is saved.")
            return redirect("organization", founded.slug)
    context = {"title": f"About {founded.name}", "form": form, "button": "Save"}
    return render(request, "web/account_form.html", context, status=400 if form.errors else 200)


@require_safe
@kept_page
def author(request: HttpRequest, name: str) -> HttpResponse:
    """Show the newest papers with an author of exactly this name."""
    # One more than is shown tells whether there are more; the database may find too much (``by_author``).
    found = [paper for paper in Paper.objects.by_author(name)[: AUTHORS_PAPERS + 1] if name in paper.authors]
    if not found:
        raise Http404(f"No paper by {name[:60]!r} is known here.")
    papers = found[:AUTHORS_PAPERS]
    dress(request, papers, people=False)
    context = {"title": name, "papers": papers, "more": len(found) > AUTHORS_PAPERS, "here": request.path}
    context["listed"] = Listing("author", name)
    return render(request, "web/author.html", context)
