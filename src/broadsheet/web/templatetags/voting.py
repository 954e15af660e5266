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
_WAY_IN = (
    '<a class="vote" rel="nofollow" href="{sign_in}" title="{tally}"><span aria-hidden="true">▲</span> {votes}'
    '<span class="unseen"> {split}. Sign in to vote for {name}</span></a>'
)
_FORM = """\
<form class="act" id="act-{pk}" method="post" action="{address}/vote" hx-boost="true" hx-push-url="false" \
hx-target="this" hx-swap="outerHTML"{mark}>{token}<input type="hidden" name="next" value="{here}">
<button type="submit" class="vote" id="vote-{pk}" name="vote" {vote} title="{tally}"><span aria-hidden="true">▲</span> \
{votes}<span class="unseen"> {split}. Vote for {name}</span></button>
<details class="more"{opened}><summary>{state}<span class="unseen"> for {name}</span></summary>
<span class="choices"><button type="submit" class="save" id="save-{pk}" formaction="{address}/save" name="save" {save}>\
Save for later</button>
<button type="submit" id="read-{pk}" formaction="{address}/mark" name="mark" {read}>Read</button>
<button type="submit" id="aside-{pk}" formaction="{address}/mark" name="mark" {aside}>Not interested</button></span>\
</details></form>"""


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
    told = {"votes": paper.votes, "tally": str(tally), "split": tally.split, "name": escape(plain(paper.title))}
    if not context["request"].user.is_authenticated:
        return SafeString(_WAY_IN.format(sign_in=escape(vars(paper)["sign_in"]), **told))
    around = vars(paper)["around"]
    made = _FORM.format(
        **told,
        pk=paper.pk,
        address=escape(paper_address(paper.key)),
        here=escape(context.get("here", "")),
        token=_token(str(context.get("csrf_token", ""))),
        mark=f' data-mark="{escape(around.mark)}"' if around.mark else "",
        vote=_pressed("no", "yes", is_so=around.voted),
        opened=" open" if context.get("opened") else "",
        state="saved" if around.saved else escape(around.mark) or "more",
        save=_pressed("no", "yes", is_so=around.saved),
        read=_pressed("", "read", is_so=around.mark == "read"),
        aside=_pressed("", "not-interested", is_so=around.mark == "not-interested"),
    )
    return SafeString(made)


def _pressed(undone: str, done: str, *, is_so: bool) -> str:
    """Return what a button sends when it is pressed again, and when for the first time."""
    value, pressed = (undone, "true") if is_so else (done, "false")
    return f'value="{value}" aria-pressed="{pressed}"'


def _token(token: str) -> str:
    if not token or token == "NOTPROVIDED":  # noqa: S105 - what Django says where there is none
        return ""
    return f'<input type="hidden" name="csrfmiddlewaretoken" value="{escape(token)}">'
