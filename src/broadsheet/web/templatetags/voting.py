"""The control of a vote, which each card of a list has. Put together here: as a template it took twice the time."""

from html import escape
from typing import Any

from django import template
from django.utils.safestring import SafeString

from broadsheet.hub import plain
from broadsheet.papers.models import Paper
from broadsheet.web.templatetags.papers import paper_address

register = template.Library()

_NUMBER = '<span aria-hidden="true">▲</span> {votes}<span class="unseen"> vote{s}</span>'
# What a button sends when it is pressed for the first time, and when again.
_VOTE = 'value="yes" aria-pressed="false"', 'value="no" aria-pressed="true"'
_READ = 'value="read" aria-pressed="false"', 'value="" aria-pressed="true"'
_ASIDE = 'value="not-interested" aria-pressed="false"', 'value="" aria-pressed="true"'


@register.simple_tag(takes_context=True)
def vote_control(context: dict[str, Any], paper: Paper) -> SafeString:
    """Return the control of a paper's vote as safe HTML: a form for a reader, the way to sign in for a visitor.

    Reads ``here`` and ``opened`` of the page, and what ``cards.dress`` put beside the paper; without that it is the
    plain number.
    """
    tally = getattr(paper, "tally", None)
    if not tally:
        return SafeString(_NUMBER.format(votes=paper.votes, s="" if paper.votes == 1 else "s"))
    # Escaped by Python itself: Django's own way looks at each value for a translation that waits.
    votes, split, name = paper.votes, tally.split, escape(plain(paper.title))
    if not context["request"].user.is_authenticated:
        return SafeString(
            f'<a class="vote" rel="nofollow" href="{escape(vars(paper)["sign_in"])}" title="{tally}">'
            f'<span aria-hidden="true">▲</span> {votes}'
            f'<span class="unseen"> {split}. Sign in to vote for {name}</span></a>'
        )
    around, pk, address = vars(paper)["around"], paper.pk, escape(paper_address(paper.key))
    mark, token = escape(around.mark), _token(str(context.get("csrf_token", "")))
    return SafeString(
        f'''<form class="act" id="act-{pk}" method="post" action="{address}/vote" hx-boost="true" hx-push-url="false" \
hx-target="this" hx-swap="outerHTML"{f' data-mark="{mark}"' if mark else ""}>{token}\
<input type="hidden" name="next" value="{escape(context.get("here", ""))}">
<button type="submit" class="vote" id="vote-{pk}" name="vote" {_VOTE[around.voted]} title="{tally}">\
<span aria-hidden="true">▲</span> {votes}<span class="unseen"> {split}. Vote for {name}</span></button>
<details class="more"{" open" if context.get("opened") else ""}><summary>\
{"saved" if around.saved else mark or "more"}<span class="unseen"> for {name}</span></summary>
<span class="choices"><button type="submit" class="save" id="save-{pk}" formaction="{address}/save" name="save" \
{_VOTE[around.saved]}>Save for later</button>
<button type="submit" id="read-{pk}" formaction="{address}/mark" name="mark" {_READ[mark == "read"]}>Read</button>
<button type="submit" id="aside-{pk}" formaction="{address}/mark" name="mark" {_ASIDE[mark == "not-interested"]}>\
Not interested</button></span></details></form>'''
    )


def _token(token: str) -> str:
    if not token or token == "NOTPROVIDED":  # noqa: S105 - what Django says where there is none
        return ""
    return f'<input type="hidden" name="csrfmiddlewaretoken" value="{escape(token)}">'
