"""What the controls of lists and follows need to know of the visitor, asked once a page."""

from typing import Any

from django import template
from django.template.context import RequestContext

from broadsheet.community import follows, lists
from broadsheet.community.models import ReadingList
from broadsheet.papers.models import Paper

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
def is_followed(context: RequestContext, kind: str, value: str) -> bool:
    """Whether the visitor follows something; all that they follow is read once for a page."""
    request: Any = context["request"]
    known = getattr(request, "followed", None)
    if known is None:
        known = request.followed = follows.all_of(request.user)
    return (kind, " ".join(str(value).split())) in known
