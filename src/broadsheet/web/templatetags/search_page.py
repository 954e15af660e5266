"""The parts of the search page. Put together here: as templates they took half as long as all that was searched for."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from django import template
from django.template.defaultfilters import truncatechars
from django.utils.safestring import SafeString

from broadsheet.papers.escaping import escape
from broadsheet.search.query import ORDERS
from broadsheet.search.relax import Way
from broadsheet.web.templatetags.cards import paper_cards
from broadsheet.web.templatetags.facets import facets
from broadsheet.web.templatetags.listings import listing_ways
from broadsheet.web.templatetags.lists import follow_control
from broadsheet.web.templatetags.papers import at
from broadsheet.web.templatetags.voting import token_field

register = template.Library()


@register.simple_tag
def search_title(typed: str) -> str:
    """Return what was typed, cut to the length of a window's title."""
    return _cut(typed, 60)


@register.simple_tag(takes_context=True)
def search_dateline(context: dict[str, Any]) -> SafeString:
    """Return what stands above the results, as safe HTML: how many there are, and the form of the filters."""
    asked: dict[str, str] = context["asked"]
    typed, papers = escape(asked["q"]), escape(at("papers"))
    category, since, until = escape(asked["category"]), escape(asked["since"]), escape(asked["until"])
    exact = '<input type="hidden" name="match" value="exact">' if context.get("exact") else ""
    clear = f' <a href="{papers}?q={_quoted(asked["q"])}">Clear filters</a>' if context["kept"] else ""
    orders = "".join([f"<option{' selected' if asked['sort'] == one else ''}>{one}</option>" for one in ORDERS])
    return SafeString(f"""\
<div class="dateline">
  <h1>Search</h1>
  <p class="edition">{_how_many(context) if asked["q"] and "found" in context else "Words, a title, or an arXiv id"}</p>
  <form class="filters" action="{papers}">
    <input type="hidden" name="q" value="{typed}">
    <label>Category <input name="category" value="{category}" placeholder="cs.LG or cs" size="10" maxlength="80" \
autocapitalize="off" spellcheck="false"></label>
    <label>From <input name="since" type="date" value="{since}"></label>
    <label>To <input name="until" type="date" value="{until}"></label>
    <label>Order <select name="sort"><option value="">as typed</option>{orders}</select></label>
    {exact}<button type="submit">Apply</button>{clear}
  </form>
</div>""")


@register.simple_tag(takes_context=True)
def search_results(context: dict[str, Any]) -> SafeString:
    """Return the results and the ways on from them, as safe HTML, of a search that was answered."""
    typed, found, unknown = context["asked"]["q"], context["found"], context["unknown_id"]
    rough = ", about" if found.tally.rough else ""
    follow = follow_control(context, "search", _cut(typed, 300)) if not unknown else ""
    return SafeString(f"""\
{"".join([f'<p class="note">{escape(note)}</p>' for note in found.notes])}
{_as_draft(context, typed) if context["long"] else ""}
{_less(context["ways"]) if context["ways"] else ""}
{_exactly(context)}
{facets(f"Category{rough}", context["categories"])}
{facets(f"Year{rough}", context["years"])}
{f"{listing_ways(context)}\n{follow}\n" if not unknown else ""}
{_unknown(unknown) if unknown else ""}
""")


@register.simple_tag(takes_context=True)
def search_papers(context: dict[str, Any]) -> SafeString:
    """Return the papers that were found, and the links to the pages before and after, as safe HTML."""
    newer, older, number = context["newer"], context["older"], context["number"]
    pages = ""
    if newer or older:
        before = f'<a rel="prev" href="{escape(newer)}">← Page {number - 1}</a>' if newer else ""
        after = f'<a rel="next" href="{escape(older)}">Page {number + 1} →</a>' if older else ""
        pages = f"""
<nav class="turn pages" aria-label="Pages">
  {before}
  <span>Page {number}</span>
  {after}
</nav>
"""
    return SafeString(f"""
<div class="papers ranked">
  {paper_cards(context, context["shown"])}
</div>
{pages}
""")


def _how_many(context: dict[str, Any]) -> str:
    found, number = context["found"], context["number"]
    held = found.tally.total
    if held and not context["exact"]:
        told = f"{'About ' if found.tally.about else ''}{held} paper{_s(held)} with all of it"
    else:
        told = f"{found.total} result{_s(found.total)}"
    return f"{told} · page {number}" if number > 1 else told


def _as_draft(context: dict[str, Any], typed: str) -> str:
    return (
        f'<form class="as-draft" method="post" action="{escape(at("draft"))}">{token_field(context)}'
        f'<input type="hidden" name="abstract" value="{escape(typed)}"><p class="note">This reads like an abstract. '
        '<button type="submit">See related work in groups</button></p></form>'
    )


def _less(ways: Sequence[tuple[Way, str]]) -> str:
    links = [
        f'<a href="{escape(link)}" rel="nofollow">{escape(way.without)}</a> '
        f"({'about ' if way.about else ''}{way.number} paper{_s(way.number)})"
        for way, link in ways
    ]
    return f'<p class="note">Leave out {", ".join(links)}.</p>'


def _exactly(context: dict[str, Any]) -> str:
    """Return the link that turns what is similar off, or on again."""
    if context["exact"]:
        link = f'<a href="{escape(context["similarly"])}" rel="nofollow">Show what is similar too</a>'
        return f'<p class="note">Only papers with every word. {link}</p>'
    if not context["shown"]:
        return ""
    link = ""
    if context["found"].tally.total and not context["unknown_id"]:
        link = f'<a href="{escape(context["exactly"])}" rel="nofollow">Show only papers with every word</a>'
    return f'<p class="note">{link}</p>'


def _unknown(key: str) -> str:
    return (
        f'<p class="note">No paper {escape(key)} is known here. '
        f'<a href="{escape(at("index"))}?arxivId={_quoted(key)}" rel="nofollow">Bring it here</a>, or '
        f'<a href="https://arxiv.org/abs/{escape(key)}" rel="noopener">see it at arXiv</a>.</p>'
    )


def _cut(text: str, length: int) -> str:
    """Cut a text as ``truncatechars`` does, which takes its time to find what need not be cut."""
    return text if len(text) <= length and text.isascii() else truncatechars(text, length)


def _quoted(text: str) -> str:
    return quote(text, safe="/")


def _s(number: int) -> str:
    return "" if number == 1 else "s"
