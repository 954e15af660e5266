"""The frame of every page: what stands around what the page is about. What never differs is put together once."""

from functools import lru_cache
from typing import Any
from urllib.parse import quote

from django import template
from django.urls import get_script_prefix
from django.utils.safestring import SafeString

from broadsheet.papers.escaping import escape
from broadsheet.web.templatetags.papers import asset, at
from broadsheet.web.templatetags.voting import token_field

register = template.Library()

_PERIODS = (
    ("newest", "Day"),
    ("newest-week", "Week"),
    ("newest-month", "Month"),
    ("trending", "Trending"),
    ("newest-added", "New"),
)
_OWN = (("for-me", "For you"), ("submit", "Submit"), ("saved", "Saved"))


@register.simple_tag
@lru_cache(maxsize=1)
def site_files() -> SafeString:
    """Return the links to the files that every page needs, as safe HTML."""
    return SafeString(f"""\
<link rel="icon" href="{escape(asset("web/icon.svg"))}" type="image/svg+xml">
<link rel="stylesheet" href="{escape(asset("web/site.css"))}">
<link rel="stylesheet" href="{escape(asset("web/community.css"))}">
<script src="{escape(asset("web/site.js"))}" defer></script>""")


@register.simple_tag
def site_periods() -> SafeString:
    """Return the links to the newest day, week and month, and to the other lists of papers, as safe HTML."""
    return _periods(get_script_prefix())


@lru_cache(maxsize=8)
def _periods(_: str) -> SafeString:
    return SafeString(" ".join([_link(name, text) for name, text in _PERIODS]))


@register.simple_tag(takes_context=True)
def site_links(context: dict[str, Any]) -> SafeString:
    """Return the links at the foot of every page, as safe HTML."""
    return _links(get_script_prefix(), single=context.get("mode") == "single")


@lru_cache(maxsize=8)
def _links(_: str, *, single: bool) -> SafeString:
    log = "" if single else _link("moderation-log", "Moderation log") + " "
    return SafeString(
        f"{_link('organizations', 'Organisations')} {log}{_link('status', 'Status')} {_link('api:openapi-view', 'API')}"
    )


@register.simple_tag(takes_context=True)
def masthead(context: dict[str, Any]) -> SafeString:
    """Return the links to what is the reader's own, as safe HTML; for a visitor the way to sign in."""
    user, single = context.get("user"), context.get("mode") == "single"
    if user is None or not user.is_authenticated:
        if single:
            return SafeString("")
        back = context.get("here")
        question = f"?next={quote(back, safe='/')}" if back else ""
        return SafeString(
            f'<nav class="reader visitor" aria-label="Yours"><a href="{escape(at("sign-in"))}{question}">'
            "Sign in</a></nav>"
        )
    unread = context["unread"]
    if callable(unread):  # the page of notifications knows the number already
        unread = unread()
    told = f' <span class="mark">{unread}<span class="unseen"> new</span></span>' if unread else ""
    return SafeString(f"""\
<nav class="reader" aria-label="Yours">
  {_own(get_script_prefix())}
  <a href="{escape(at("notifications"))}">Notifications{told}</a>
  {_link("moderation", "Moderation") if user.is_moderator and not single else ""}
  <a class="me" href="{escape(at("settings"))}">{"Settings" if single else escape(user.shown_name)}</a>
  {"" if single else _sign_out(context)}
</nav>""")


@lru_cache(maxsize=8)
def _own(_: str) -> str:
    return "\n  ".join([_link(name, text) for name, text in _OWN])


def _sign_out(context: dict[str, Any]) -> str:
    field = token_field(context)
    return (
        f'<form method="post" action="{escape(at("sign-out"))}">{field}<button type="submit">Sign out</button></form>'
    )


def _link(name: str, text: str) -> str:
    return f'<a href="{escape(at(name))}">{text}</a>'
