"""What the controls of lists and follows need to know of the visitor, asked once a page."""

from typing import Any

from django import template
from django.template.context import RequestContext
from django.utils.safestring import SafeString

from broadsheet.community import follows, lists
from broadsheet.community.models import ReadingList
from broadsheet.papers.escaping import escape
from broadsheet.papers.models import Paper
from broadsheet.web.templatetags.papers import at
from broadsheet.web.templatetags.voting import token_field

register = template.Library()


@register.simple_tag(takes_context=True)
def my_lists(context: RequestContext, paper: Paper) -> list[ReadingList]:
    """Return the visitor's lists, those that hold the paper with ``holds`` set."""
    request = context["request"]
    holding = set(lists.mine(request.user).filter(items__paper=paper).values_list("pk", flat=True))
    found = list(lists.mine(request.user).exclude(slug=lists.SAVED))
    for one in found:
        vars(one)["holds"] = one.pk in holding
    return found


@register.simple_tag(takes_context=True)
def follow_control(context: dict[str, Any], kind: str, value: str, name: str = "") -> SafeString:
    """Return the button that follows something, or ends that, as safe HTML; nothing for a visitor.

    name: what it is called, where its value does not tell.
    """
    request: Any = context["request"]
    if not request.user.is_authenticated:
        return SafeString("")
    act, pressed, word = (
        ("unfollow", "true", "Following") if _is_followed(request, kind, value) else ("follow", "false", "Follow")
    )
    return SafeString(
        f'<form class="follow" method="post" action="{escape(at("follow"))}">{token_field(context)}'
        f'<input type="hidden" name="kind" value="{escape(kind)}">'
        f'<input type="hidden" name="value" value="{escape(value)}">'
        f'<input type="hidden" name="next" value="{escape(request.get_full_path())}">'
        f'<button type="submit" name="do" value="{act}" aria-pressed="{pressed}">{word}'
        f'<span class="unseen"> {escape(name or value)}</span></button></form>'
    )


def _is_followed(request: Any, kind: str, value: str) -> bool:
    """Whether the visitor follows something; all that they follow is read once for a page."""
    known = getattr(request, "followed", None)
    if known is None:
        known = request.followed = follows.all_of(request.user)
    return (kind, " ".join(value.split())) in known
