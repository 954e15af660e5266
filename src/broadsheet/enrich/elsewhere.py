"""The kinds of facts that ask hosts, made as the settings have them. Each kind is a module, each place a source."""

from collections.abc import Callable, Sequence
from datetime import datetime

from django.conf import settings

from broadsheet.enrich import citations, hub_links, orcids, stars, summaries
from broadsheet.enrich.run import Kind, Stop
from broadsheet.errors import Refused
from broadsheet.papers.models import Paper, PaperQuerySet
from broadsheet.sources.github import GitHub
from broadsheet.sources.http import PoliteClient
from broadsheet.sources.hub import Hub
from broadsheet.sources.openai_chat import Chat
from broadsheet.sources.openalex import OpenAlex
from broadsheet.sources.orcid import Orcid
from broadsheet.sources.semantic_scholar import SemanticScholar

type Client = Callable[[float, float], PoliteClient]
"""Makes a polite client: least seconds between two requests to a host, and seconds for an answer to begin."""

SLOW_MODEL = 120.0
"""Seconds that a model may take to begin an answer."""

_SHARED_POOL, _OWN_KEY = 3.5, 1.1
"""Semantic Scholar lets all who have no key ask a hundred times in five minutes, and who has one once a second."""


class Asked:
    """A kind of facts that is made when it is first needed, and refuses to work where it is not set up."""

    def __init__(self, kind: str, title: str, make: Callable[[], Kind]) -> None:
        self.KIND, self.TITLE = kind, title
        self._make = make
        self._made: Kind | None = None

    def wanted(self, now: datetime) -> PaperQuerySet:
        """Return the papers to look at. Raises Refused where the network is off, or a setting is lacking."""
        return self._kind().wanted(now)

    def look(self, papers: Sequence[Paper], stop: Stop) -> int:
        """Look at papers. Raises Refused in the same way."""
        return self._kind().look(papers, stop)

    def _kind(self) -> Kind:
        if settings.OFFLINE:
            raise Refused(f"{self.TITLE} need the network, which is switched off (BROADSHEET_OFFLINE).")
        if self._made is None:
            self._made = self._make()
        return self._made


def kinds(client: Client) -> dict[str, Kind]:
    """Return these kinds by name; none of them asks anybody before it is told to look."""
    made: dict[type[Kind], Callable[[], Kind]] = {
        stars.Stars: lambda: stars.Stars(GitHub(client(0, 30), settings.GITHUB_API, settings.GITHUB_TOKEN)),
        hub_links.HubLinks: lambda: hub_links.HubLinks(Hub(client(0, 30), settings.HUB_API)),
        citations.Citations: lambda: citations.Citations(*_citing(client)),
        orcids.Orcids: lambda: orcids.Orcids(*_naming(client)),
        summaries.Summaries: lambda: summaries.Summaries(_chat(client), settings.SUMMARIES_PER_DAY),
    }
    return {
        asked.KIND: asked for asked in (Asked(str(kind.KIND), str(kind.TITLE), make) for kind, make in made.items())
    }


def _citing(client: Client) -> tuple[SemanticScholar | None, OpenAlex | None]:
    chosen, key = settings.CITATIONS, settings.SEMANTIC_SCHOLAR_KEY
    if not chosen:
        raise Refused("Nobody is to be asked for citations.", "Set BROADSHEET_CITATIONS.")
    pace = _OWN_KEY if key else _SHARED_POOL
    scholar = SemanticScholar(client(pace, 60), settings.SEMANTIC_SCHOLAR_API, key)
    return scholar if "semanticscholar" in chosen else None, _alex(client) if "openalex" in chosen else None


def _naming(client: Client) -> tuple[OpenAlex | None, Orcid | None]:
    chosen = settings.ORCIDS
    registry = Orcid(client(0, 30), settings.ORCID_API, settings.ORCID_TOKEN) if "orcid" in chosen else None
    return _alex(client) if "openalex" in chosen else None, registry


def _alex(client: Client) -> OpenAlex:
    return OpenAlex(client(0, 60), settings.OPENALEX_API, settings.OPENALEX_KEY)


def _chat(client: Client) -> Chat:
    if not (settings.SUMMARIES_URL and settings.SUMMARIES_MODEL):
        raise Refused(
            "No model is set up for summaries.", "Set BROADSHEET_SUMMARIES_URL and BROADSHEET_SUMMARIES_MODEL."
        )
    return Chat(client(0, SLOW_MODEL), settings.SUMMARIES_URL, settings.SUMMARIES_MODEL, settings.SUMMARIES_KEY)
