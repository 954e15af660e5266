"""Claims of authorship: made by readers, proved by what is known or by a moderator's look. Marks in pages live in web.

A claim is verified at once by a confirmed ORCID iD or e-mail address that stands in the paper's own metadata, and on a
site by invitation also by a confirmed iD whose name is the author's; every other one waits for a moderator, as does the
second claim to one name.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from broadsheet.accounts import limits, readers
from broadsheet.accounts.models import User
from broadsheet.community import log, notifications, votes
from broadsheet.community.models import Claim, ClaimState
from broadsheet.errors import BadInput, Conflict, NotFound, Refused, TooMany
from broadsheet.papers.actions import note_activity
from broadsheet.papers.models import Paper

REFUSALS = 3
"""Refusals after which a reader must wait before claiming the same paper again."""

PATIENCE = timedelta(days=30)
PER_DAY = 20


@transaction.atomic
def claim(visitor: readers.Visitor, paper: Paper, author_name: str, note: str = "") -> Claim:
    """Claim that one of a paper's authors is the reader.

    author_name: as it stands in the paper's list of authors. note: for the moderator who looks, 500 characters.
    Returns the claim, verified where a proof is known, else pending.
    Raises BadInput for a name that is not among the authors, Conflict where the reader has an open claim on this paper,
    TooMany after three refusals in thirty days.
    """
    reader = readers.active(visitor, "claim a paper")
    # Two readers who claim one name at once must see each other.
    paper = Paper.objects.select_for_update(no_key=True).get(pk=paper.pk)
    if author_name not in paper.authors:
        raise BadInput(
            f"{author_name[:100]!r} is not among the authors of {paper.key}.", "Choose a name from the paper's list."
        )
    if len(author_name) > 200 or len(note) > 500:
        raise BadInput("That is too long.", "A note takes 500 characters, an author's name 200.")
    own = Claim.objects.filter(paper=paper, reader=reader)
    if standing := own.exclude(state=ClaimState.REFUSED).first():
        raise Conflict(
            f"You have claimed {paper.key} as {standing.author_name}; the claim is {standing.state}.",
            "Withdraw that claim first to choose another name.",
        )
    _be_patient(own.filter(state=ClaimState.REFUSED))
    limits.spend(f"claim:{reader.pk}", capacity=limits.share(reader, PER_DAY), seconds=86400)
    proof = "" if _claimed_by_another(paper, author_name, reader) else proof_of(reader, paper, author_name)
    made = Claim.objects.create(
        paper=paper,
        reader=reader,
        author_name=author_name,
        note=note.strip(),
        proof=proof or "moderator",
        state=ClaimState.VERIFIED if proof else ClaimState.PENDING,
        decided=timezone.now() if proof else None,
    )
    if proof:
        votes.rescore([paper.pk])  # authors' own votes do not trend
        note_activity()
    return made


def proof_of(reader: User, paper: Paper, author_name: str) -> str:
    """Return what proves at once that a reader is an author: ``orcid``, ``email``, or nothing."""
    if reader.orcid_verified and reader.orcid:
        # Anybody can register at ORCID under any name, so where anybody can sign up the name alone proves nothing.
        named = readers.mode() != "open" and folded(reader.orcid_name) == folded(author_name)
        if reader.orcid in f"{paper.comment} {paper.abstract}" or (named and reader.orcid_name):
            return "orcid"
    if reader.email and reader.email_verified:
        whole = re.compile(rf"(?<![\w.%+'-]){re.escape(reader.email)}(?!\w|-|\.\w|@)", re.IGNORECASE)
        if whole.search(paper.comment) or whole.search(paper.abstract):
            return "email"
    return ""


def folded(name: str) -> tuple[str, ...]:
    """Return the words of a name without case, accents, signs and order, as sources write one name in many ways."""
    bare = unicodedata.normalize("NFKD", name).casefold()
    letters = "".join(sign if sign.isalnum() else " " for sign in bare if not unicodedata.combining(sign))
    return tuple(sorted(letters.split()))


@transaction.atomic
def decide(visitor: readers.Visitor, claim: Claim, verified: bool, reason: str) -> Claim:
    """Verify or refuse a claim; one that stands verified can be refused later. For moderators, and in the public log.

    reason: 3 to 300 characters, told to the reader.
    Raises Refused for a moderator's own claim (an administrator may decide it), BadInput without a reason, Conflict
    where the claim stands so already or another of the same reader is open.
    """
    judge = readers.moderator(visitor)
    reason = log.checked_reason(reason)
    votes.hold([claim.paper_id])  # before the claim, as whoever claims does
    held = Claim.objects.select_for_update(of=("self",), no_key=True).select_related("paper", "reader")
    found = held.filter(pk=claim.pk).first()
    if found is None:
        raise NotFound("There is no such claim.", "It may have been withdrawn.")
    if found.reader_id == judge.pk and not judge.is_admin:
        raise Refused("Nobody decides on a claim of their own.", "Another moderator will look at it.")
    state = ClaimState.VERIFIED if verified else ClaimState.REFUSED
    if found.state == state:
        raise Conflict(f"This claim is {state} already.")
    others = Claim.objects.filter(paper=found.paper, reader=found.reader).exclude(pk=found.pk)
    if verified and others.exclude(state=ClaimState.REFUSED).exists():
        raise Conflict("The reader has claimed this paper anew.", "Decide on the newer claim.")
    found.state, found.reason = state, reason
    found.decided, found.decided_by = timezone.now(), judge
    if verified:
        found.proof = "moderator"
    found.save(update_fields=["state", "reason", "decided", "decided_by", "proof"])
    verb = "verify-claim" if verified else "refuse-claim"
    log.note(judge, verb, reason, account=found.reader, paper=found.paper, author=found.author_name)
    told = f"Your claim to be {found.author_name} was {'verified' if verified else 'refused'}: {reason}"
    notifications.tell(found.reader, "claim", actor=judge, paper=found.paper, text=told[:500])
    votes.rescore([found.paper_id])
    note_activity()
    return found


@transaction.atomic
def withdraw(visitor: readers.Visitor, claim: Claim) -> None:
    """Take one's own open claim back; a verified one ends with it. Refused ones stay, as they count.

    Raises NotFound for a claim that is not the reader's own and open.
    """
    reader = readers.active(visitor, "withdraw a claim")
    votes.hold([claim.paper_id])
    open_ones = Claim.objects.filter(pk=claim.pk, reader=reader).exclude(state=ClaimState.REFUSED)
    if not open_ones.delete()[0]:
        raise NotFound("There is no such claim.")
    votes.rescore([claim.paper_id])
    note_activity()


@transaction.atomic
def show_on_profile(visitor: readers.Visitor, claim: Claim, *, shown: bool) -> None:
    """Show a claimed paper on one's profile, or hide it there. Raises NotFound for a claim of somebody else."""
    reader = readers.active(visitor, "change a profile")
    if not Claim.objects.filter(pk=claim.pk, reader=reader).update(hidden=not shown):
        raise NotFound("There is no such claim.")
    note_activity()


def is_author(reader: readers.Visitor | None, paper: Paper) -> bool:
    """Whether a reader is a verified author of a paper."""
    if reader is None or not reader.is_authenticated:
        return False
    return Claim.objects.filter(paper=paper, reader=reader, state=ClaimState.VERIFIED).exists()


def verified_authors(papers: Iterable[Paper]) -> dict[int, list[Claim]]:
    """Return the verified claims of papers by the papers' primary keys, with their readers; one query."""
    found: defaultdict[int, list[Claim]] = defaultdict(list)
    wanted = [paper.pk for paper in papers]
    for one in (
        Claim.objects.filter(paper__in=wanted, state=ClaimState.VERIFIED).select_related("reader").order_by("pk")
    ):
        found[one.paper_id].append(one)
    return dict(found)


def pending() -> QuerySet[Claim]:
    """Return the claims that wait for a moderator, the oldest first."""
    return Claim.objects.filter(state=ClaimState.PENDING).select_related("paper", "reader").order_by("made", "pk")


def of_reader(reader: User) -> QuerySet[Claim]:
    """Return every claim of a reader with its paper, the newest first."""
    return Claim.objects.filter(reader=reader).select_related("paper").order_by("-pk")


def shown_papers(reader: User) -> QuerySet[Paper]:
    """Return the papers that a reader is a verified author of and shows on the profile, newest edition first."""
    shown = Claim.objects.filter(reader=reader, state=ClaimState.VERIFIED, hidden=False).values("paper")
    return Paper.objects.filter(pk__in=shown).order_by("-day", "-pk")


def _be_patient(refused: QuerySet[Claim]) -> None:
    lately = list(refused.filter(decided__gt=timezone.now() - PATIENCE).order_by("-decided")[:REFUSALS])
    if len(lately) < REFUSALS or lately[-1].decided is None:
        return
    again = lately[-1].decided + PATIENCE
    raise TooMany(
        f"{REFUSALS} claims on this paper were refused within {PATIENCE.days} days.",
        int((again - timezone.now()).total_seconds()) + 1,
        f"It can be claimed again from {again:%Y-%m-%d %H:%M} UTC on.",
    )


def _claimed_by_another(paper: Paper, author_name: str, reader: User) -> bool:
    others = Claim.objects.filter(paper=paper, author_name=author_name).exclude(reader=reader)
    return others.exclude(state=ClaimState.REFUSED).exists()
