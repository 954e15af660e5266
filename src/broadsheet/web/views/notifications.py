"""What a reader was told, and the links in mails that end them. How each kind is told is set on the settings pages."""

from typing import cast

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from broadsheet.accounts.models import User
from broadsheet.community import notifications

PAGE_SIZE = 30


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Show what a reader was told, the newest first."""
    found = Paginator(notifications.of(request.user), PAGE_SIZE).get_page(request.GET.get("p", "1"))
    reader = cast("User", request.user)
    context = {
        "page": found,
        "told": [(one, notifications.sentence(one), notifications.place(one)) for one in found],
        "unread": notifications.unread(reader),
    }
    response = render(request, "web/notifications.html", context)
    response["Cache-Control"] = "private, no-store"
    return response


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark everything as read."""
    notifications.mark_read(request.user)
    return HttpResponseRedirect(reverse("notifications"))


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """End the mails of one kind: a page with a button, which programs that read mail press by themselves (RFC 8058).

    The signed link is the permission, as whoever holds the mail may not be signed in here; so there is no CSRF token.
    """
    reader, kind = notifications.stopping(token)
    done = request.method == "POST"
    if done:
        notifications.stop(token)
    context = {"done": done, "about": notifications.KINDS[kind].about, "reader": reader}
    response = render(request, "web/notifications_stop.html", context)
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
