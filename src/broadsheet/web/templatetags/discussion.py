"""Parts of a comment that stand on a page many times, and are quicker made here than by a template."""

from calendar import month_abbr
from collections.abc import Iterable
from datetime import datetime
from functools import lru_cache

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from broadsheet.community.reading import Reacted

register = template.Library()


@register.filter
def moment(posted: datetime) -> SafeString:
    """Return when something was written, in the site's time."""
    here = timezone.localtime(posted)
    shown = f"{here.day} {month_abbr[here.month]} {here:%Y, %H:%M}"
    return format_html('<time datetime="{}">{}</time>', here.isoformat(timespec="seconds"), shown)


@register.filter
def sign_buttons(reactions: Iterable[Reacted]) -> SafeString:
    """Return a button for each sign, which puts it below a comment or takes it away."""
    return SafeString("".join(_button(one.sign, one.word, one.count, mine=one.mine) for one in reactions))


@lru_cache(maxsize=512)
def _button(sign: str, word: str, count: int, *, mine: bool) -> SafeString:
    return format_html(
        '<button type="submit"{} name="{}" value="{}" aria-pressed="{}" title="{}"><span aria-hidden="true">{}</span>'
        '<span class="unseen">{}</span>{}</button>',
        SafeString(' class="counted"') if count else "",
        "take" if mine else "put",
        sign,
        "true" if mine else "false",
        word,
        sign,
        word,
        f" {count}" if count else "",
    )
