"""The control of a vote, which each card of a list has. Put together here: as a template it took twice the time."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django import template
from django.utils.safestring import SafeString

from broadsheet.hub import plain
from broadsheet.papers.escaping import escape
from broadsheet.papers.models import Paper
from broadsheet.web.templatetags.papers import before_keys, paper_address

register = template.Library()

_NUMBER = '<span aria-hidden="true">▲</span> {votes}<span class="unseen"> vote{s}</span>'
# What a button sends when it is pressed for the first time, and when again.
_VOTE = 'value="yes" aria-pressed="false"', 'value="no" aria-pressed="true"'
_READ = 'value="read" aria-pressed="false"', 'value="" aria-pressed="true"'
_ASIDE = 'value="not-interested" aria-pressed="false"', 'value="" aria-pressed="true"'


class Page(NamedTuple):
    """What the controls of one page have in common, as safe HTML. token: the field that forms carry; '' without one.

    here: the page that an act comes back to. opened: whether the further choices are unfolded. before_keys: what the
    addresses of papers begin with, as plain text.
    """

    signed_in: bool
    token: str
    here: str
    opened: bool
    before_keys: str


def page_of(context: dict[str, Any]) -> Page:
    """Return what the controls of the page that a template makes have in common."""
    here = escape(context.get("here", ""))
    # Where no control is, nobody may have been asked for: a mail has no request.
    signed_in = "request" in context and bool(context["request"].user.is_authenticated)
    token = token_field(context) if signed_in else ""
    return Page(signed_in, token, here, bool(context.get("opened")), before_keys())


def token_field(context: Mapping[str, Any]) -> SafeString:
    """Return the hidden field that every form carries, as ``csrf_token`` does; nothing where there is no token."""
    token = str(context.get("csrf_token", ""))
    if not token or token == "NOTPROVIDED":  # noqa: S105 - what Django says where there is none
        return SafeString("")
    return SafeString(f'<input type="hidden" name="csrfmiddlewaretoken" value="{escape(token)}">')


@register.simple_tag(takes_context=True)
def vote_control(context: dict[str, Any], paper: Paper) -> SafeString:
    """Return the control of a paper's vote as safe HTML: a form for a reader, the way to sign in for a visitor.

    Reads ``here`` and ``opened`` of the page, and what ``cards.dress`` put beside the paper; without that it is the
    plain number.
    """
    return SafeString(control(page_of(context), paper, escape(plain(paper.title)), escape(paper_address(paper.key))))


def control(page: Page, paper: Paper, name: str, address: str) -> str:
    """Return that control on a page. name, address: the paper's title as plain text and its page, escaped both."""
    beside = vars(paper)
    tally, votes = beside.get("tally"), paper.votes
    if not tally:
        return _NUMBER.format(votes=votes, s="" if votes == 1 else "s")
    split = tally.split
    title = f"{tally.imported + tally.here} {split}"
    # Escaped by Python itself: Django's own way looks at each value for a translation that waits.
    if not page.signed_in:
        return (
            f'<a class="vote" rel="nofollow" href="{escape(beside["sign_in"])}" title="{title}">'
            f'<span aria-hidden="true">▲</span> {votes}'
            f'<span class="unseen"> {split}. Sign in to vote for {name}</span></a>'
        )
    around, pk = beside["around"], paper.id
    mark = escape(around.mark)
    return f'''\
<form class="act" id="act-{pk}" method="post" action="{address}/vote" hx-boost="true" hx-push-url="false" \
hx-target="this" hx-swap="outerHTML"{f' data-mark="{mark}"' if mark else ""}>{page.token}\
<input type="hidden" name="next" value="{page.here}">
<button type="submit" class="vote" id="vote-{pk}" name="vote" {_VOTE[around.voted]} title="{title}">\
<span aria-hidden="true">▲</span> {votes}<span class="unseen"> {split}. Vote for {name}</span></button>
<details class="more"{" open" if page.opened else ""}><summary>\
{"saved" if around.saved else mark or "more"}<span class="unseen"> for {name}</span></summary>
<span class="choices"><button type="submit" class="save" id="save-{pk}" formaction="{address}/save" name="save" \
{_VOTE[around.saved]}>Save for later</button>
<button type="submit" id="read-{pk}" formaction="{address}/mark" name="mark" {_READ[mark == "read"]}>Read</button>
<button type="submit" id="aside-{pk}" formaction="{address}/mark" name="mark" {_ASIDE[mark == "not-interested"]}>\
Not interested</button></span></details></form>'''
