"""Lists carried in and out of files of references. The formats are ``papers.bibliography``'s."""

from collections.abc import Sequence
from dataclasses import dataclass

from broadsheet.accounts import limits
from broadsheet.accounts.readers import Visitor
from broadsheet.community import lists, zotero
from broadsheet.community.models import ReadingList
from broadsheet.papers import bibliography
from broadsheet.papers.bibliography import Cited, Entry, Missing

LONGEST_NOTE = 500
MOST_ABSTRACTS = 1000
"""Papers of a list up to which its files hold abstracts; a longer one would become too large to be brought back."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What bringing entries into a list did.

    already: papers that were in the list before, or twice in the file. missing: entries whose papers are not here.
    shortened: places of entries whose note was cut.
    """

    added: int
    already: int
    missing: list[Missing]
    shortened: list[str]


def bring(visitor: Visitor, reading_list: ReadingList, entries: Sequence[Entry]) -> Brought:
    """Put the papers that entries name at the end of a list, in their order and with their notes.

    Raises SignInNeeded, Refused or NotFound for a list that is not the visitor's, Conflict where it would become too
    long; nothing is added then.
    """
    lists.own(visitor, reading_list)
    found, missing = bibliography.find(entries)
    added = lists.add_all(visitor, reading_list, [(paper, entry.note[:LONGEST_NOTE]) for paper, entry in found])
    shortened = [entry.place for _, entry in found if len(entry.note) > LONGEST_NOTE]
    return Brought(added, len(found) - added, missing, shortened)


def written(reading_list: ReadingList, kind: str) -> str:
    """Return a list as a file of references, in its order and with its notes. kind: ``bib``, ``ris`` or ``json``."""
    items = list(lists.items(reading_list))
    whole = len(items) <= MOST_ABSTRACTS
    return bibliography.write(kind, (Cited(item.paper, item.note, whole) for item in items))


def bring_from_zotero(
    visitor: Visitor, reading_list: ReadingList, *, kind: str, library: str, collection: str, key: str
) -> Brought:
    """Bring the items of a Zotero library or collection; see ``zotero.fetch`` for what is given and raised.

    Raises TooMany beyond ten an hour, as each may ask Zotero twenty times.
    """
    reader = lists.own(visitor, reading_list)
    limits.spend(f"zotero:{reader.pk}", capacity=10, seconds=3600)
    return bring(visitor, reading_list, zotero.fetch(kind, library, key=key, collection=collection))
