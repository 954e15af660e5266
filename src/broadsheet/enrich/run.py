"""Finding facts: which kinds there are, which are on, and one run over the papers that lack them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Protocol, runtime_checkable

from django.conf import settings
from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils import timezone

from broadsheet.enrich import facts
from broadsheet.enrich.models import Fact
from broadsheet.errors import BadInput
from broadsheet.papers.actions import note_activity
from broadsheet.papers.models import Paper, PaperQuerySet

type Stop = Callable[[], bool]
type Report = Callable[[str, int, int], None]

PORTION = 200
"""Papers between two questions whether to stop."""

LOOK_AHEAD = 10_000
"""Papers looked up at once for want of a fact: each look passes over all that have one."""

MANY = 1_000
"""Rows of facts that came or changed, from which on PostgreSQL's statistics of them count as old."""


class Kind(Protocol):
    """One kind of facts: a module, or any object with these. Kinds that ask hosts are made with their client.

    KIND: its name in BROADSHEET_ENRICH and on the command line, and the kind of the row that says it has looked at a
    paper. TITLE: what it finds, for people.
    """

    @property
    def KIND(self) -> str:  # noqa: N802 (a module's constant)
        """Its name."""
        ...

    @property
    def TITLE(self) -> str:  # noqa: N802 (as above)
        """What it finds."""
        ...

    def wanted(self, now: datetime) -> PaperQuerySet:
        """Return the papers to look at, newest first. A paper that was looked at, or failed, must not be among them."""
        ...

    def look(self, papers: Sequence[Paper], stop: Stop) -> int:
        """Look at papers, write down what was found and that they were looked at; return how many were."""
        ...


@runtime_checkable
class Prepared(Protocol):
    """A kind that has something to do once before a run."""

    def prepare(self, stop: Stop, report: Report) -> None:
        """Get ready, as with numbers that all looks need. report: called with (what, done, total)."""
        ...


def _never() -> bool:
    return False


def _silent(kind: str, done: int, total: int) -> None:
    """Report to nobody."""


def known() -> dict[str, Kind]:
    """Return the kinds that need no host, by name."""
    from broadsheet.enrich import from_corpus, from_text

    local: tuple[Kind, ...] = (from_text, from_corpus.Phrases(), from_corpus.Extracts())
    return {kind.KIND: kind for kind in local}


def switched_on(kinds: Iterable[Kind]) -> list[Kind]:
    """Return those kinds that BROADSHEET_ENRICH names."""
    return [kind for kind in kinds if kind.KIND in settings.ENRICH]


def named(names: Sequence[str], kinds: dict[str, Kind] | None = None) -> list[Kind]:
    """Return kinds by name; without names those that are switched on. Raises BadInput for a name that is none.

    kinds: all there are, where the caller has more than those of ``known``.
    """
    every = known() if kinds is None else kinds
    for name in names:
        if name not in every:
            raise BadInput(f"There is no kind of facts called {name[:40]!r}.", f"There are: {', '.join(every)}.")
    return [every[name] for name in names] if names else switched_on(every.values())


def run(
    kinds: Sequence[Kind],
    stop: Stop = _never,
    report: Report = _silent,
    *,
    only: Sequence[int] | None = None,
    limit: int | None = None,
) -> str:
    """Look at the papers that lack facts of these kinds, newest first, and return one sentence on what was done.

    What was looked at has a row, so that a run that was stopped is carried on by the next. A kind that fails does not
    keep the next ones from their work; its error is raised at the end.
    report: called with (kind, done, total). only: primary keys of papers to look at, whether they were before or not.
    limit: papers of each kind at most.
    """
    told, errors = [], []
    for kind in kinds:
        if stop():
            break
        try:
            done = _run(kind, stop, report, only, limit)
        except Exception as error:  # noqa: BLE001 (raised below)
            errors.append(error)
            continue
        told.append(f"{done} for {kind.KIND}")
    if errors:
        raise errors[0]
    return f"Papers looked at: {', '.join(told) or 'none'}."


def _run(kind: Kind, stop: Stop, report: Report, only: Sequence[int] | None, limit: int | None) -> int:
    if isinstance(kind, Prepared):
        kind.prepare(stop, report)
    if only is not None:
        done = kind.look(list(Paper.objects.filter(pk__in=only)), stop)
        note_activity()
        return done
    now = timezone.now()
    _count_anew()
    total = kind.wanted(now).count() if report is not _silent else 0
    total = min(total, limit) if limit is not None else total
    done = 0
    while not stop() and (limit is None or done < limit):
        ahead = LOOK_AHEAD if limit is None else min(LOOK_AHEAD, limit - done)
        waiting = list(kind.wanted(now).values_list("pk", flat=True)[:ahead])
        before = done
        for start in range(0, len(waiting), PORTION):
            if stop():
                break
            portion = waiting[start : start + PORTION]
            papers = Paper.objects.in_bulk(portion)
            done += kind.look([papers[pk] for pk in portion if pk in papers], stop)
            report(kind.KIND, done, max(total, done))
        if done == before:  # none is left, or none can be looked at now
            break
        note_activity()  # kept pages show what was found; not at each portion, as all are made anew
        _count_anew()
    return done


def _count_anew() -> None:
    """Have PostgreSQL take stock of the facts where many came since it last did.

    By itself it does so minutes later, or not at all while they are few of all. Until then it takes a kind that was
    just found for thousands of papers for one of none, and asking which papers lack it would compare each with each.
    """
    if connection.vendor != "postgresql":
        return
    table = connection.ops.quote_name(Fact._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT n_mod_since_analyze FROM pg_stat_user_tables WHERE relid = %s::regclass", [Fact._meta.db_table]
        )
        row = cursor.fetchone()
        if row is None or row[0] >= MANY:
            cursor.execute(f"ANALYZE {table}")


def lacking(kind: str, now: datetime, papers: PaperQuerySet | None = None) -> PaperQuerySet:
    """Return papers without a fact of this kind, of an older text, or due again, newest first: most kinds' ``wanted``.

    papers: among which; all that are shown otherwise.
    """
    among = Paper.objects.all() if papers is None else papers
    settled = Fact.objects.filter(facts.is_settled(now, OuterRef("stamp")), paper=OuterRef("pk"), kind=kind)
    return among.filter(~Exists(settled), same_as=None).order_by("-day", "-pk")
