"""Choices as they are stored: kept once with their picks, forgotten when nobody got them."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from broadsheet.mail.models import Choice, Pick
from broadsheet.mail.picking import Picked

UNUSED = timedelta(days=2)
"""After that a choice that went to nobody is forgotten."""


@dataclass(frozen=True, slots=True)
class Made:
    """A choice that was just made."""

    columns: dict[str, Any]
    picked: list[Picked]


def kept(made: Mapping[str, Made]) -> dict[str, Choice]:
    """Store choices with their picks; where another process made the same first, its stand."""
    try:
        with transaction.atomic():
            choices = Choice.objects.bulk_create(Choice(key=key, **one.columns) for key, one in made.items())
            Pick.objects.bulk_create(
                Pick(choice=choice, paper=picked.paper, place=place, why=picked.why)
                for choice in choices
                for place, picked in enumerate(made[choice.key].picked)
            )
    except IntegrityError:
        if len(made) > 1:
            return {key: choice for one in made for key, choice in kept({one: made[one]}).items()}
        return {choice.key: choice for choice in Choice.objects.filter(key__in=list(made))}
    return {choice.key: choice for choice in choices}


def papers_of(choices: Iterable[Choice]) -> defaultdict[int, set[int]]:
    """Return the papers of choices, all by primary keys, as they are known by now: see ``picks_of``."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    picks = Pick.objects.filter(choice__in=list(choices)).order_by()
    for choice, paper, kept in picks.values_list("choice", "paper", "paper__same_as"):
        found[choice].add(kept or paper)
    return found


def picks_of(choice: Choice) -> list[Pick]:
    """Return the picks of a choice in their order; what turned out to be one paper since is told once."""
    found: dict[int, Pick] = {}
    for pick in choice.picks.select_related("paper__same_as"):
        pick.paper = pick.paper.same_as or pick.paper
        found.setdefault(pick.paper_id, pick)
    return list(found.values())


@transaction.atomic
def forget_unused(now: datetime) -> int:
    """Delete the choices that went to nobody, once nothing asks for them any more; return how many."""
    old = Choice.objects.filter(made__lt=now - UNUSED, deliveries=None)
    pks = list(old.values_list("pk", flat=True)[:10_000])
    Choice.objects.filter(pk__in=pks, deliveries=None).delete()
    return len(pks)
