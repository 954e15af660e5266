"""A reader's public page, and the picture made from the name."""

import colorsys
import hashlib

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import escape
from django.views.decorators.http import require_safe

from broadsheet.accounts.actions import line
from broadsheet.community import profiles
from broadsheet.ranking.listings import Listing
from broadsheet.web.cache import kept_page

PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" width="64" height="64">'
    '<rect width="64" height="64" fill="{colour}"/>'
    '<text x="32" y="33" fill="#fff" font-family="Georgia, serif" font-size="28" text-anchor="middle" '
    'dominant-baseline="central">{initials}</text></svg>'
)


@require_safe
@kept_page
def page(request: HttpRequest, name: str) -> HttpResponse:
    """Show what anybody may see of a reader."""
    profile = profiles.public(profiles.find(name))
    listed = Listing("reader", profile.reader.username) if profile.reader.public_votes else None
    context = {"title": profile.reader.shown_name, "profile": profile, "listed": listed}
    return render(request, "web/reader.html", context)


@require_safe
def picture(request: HttpRequest, name: str) -> HttpResponse:
    """Draw the initials of the shown name on a colour that belongs to the name in the address."""
    reader = profiles.find(name)
    words = line(reader.shown_name).replace("-", " ").split() or [reader.username]
    initials = (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()
    drawn = PICTURE.format(colour=_colour(reader.username), initials=escape(initials))
    response = HttpResponse(drawn, content_type="image/svg+xml")
    response["Cache-Control"] = "public, max-age=3600"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response


def _colour(name: str) -> str:
    """Return a colour dark enough for white letters."""
    hue = hashlib.sha256(name.encode()).digest()[0] / 256
    red, green, blue = (round(255 * part) for part in colorsys.hls_to_rgb(hue, 0.3, 0.4))
    return f"#{red:02x}{green:02x}{blue:02x}"
