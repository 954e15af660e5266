"""What subscriptions were told of in earlier editions, so that no paper comes twice. Reads alone."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db.models import Q

from broadsheet.mail.models import Delivery, Pick, Progress


def had(subscriptions: Sequence[int], papers: Collection[int], edition: str) -> dict[int, set[int]]:
    """Return which of some papers each subscription was told of in editions other than one, all by primary keys.

    That is rare, as a window opens where the last one closed: a paper comes back by a new version, say. So it is
    asked the other way round: which choices of other editions hold these papers at all, and who got one of them.
    A paper was told too where it was told under an id that turned out to be this paper's.
    """
    if not papers:
        return {}
    holding: defaultdict[int, set[int]] = defaultdict(set)
    told = Pick.objects.filter(Q(paper__in=papers) | Q(paper__same_as__in=papers))
    elsewhere = told.exclude(choice__edition=edition).order_by()
    for choice, paper, kept in elsewhere.values_list("choice", "paper", "paper__same_as"):
        holding[choice].add(kept or paper)
    found: defaultdict[int, set[int]] = defaultdict(set)
    if holding:
        rows = Delivery.objects.filter(choice__in=list(holding), subscription__in=subscriptions)
        rows = rows.exclude(progress__in=(Progress.FAILED, Progress.DROPPED))  # which nobody got
        for pk, choice in rows.values_list("subscription", "choice"):
            found[pk] |= holding[choice]
    return found
