"""What follows from a report that a mail did not arrive or was not wanted: suspending, suppressing, and allowing again.

How reports are understood lives in ``reports``, where they come from in ``mailbox``.
"""

from collections.abc import Mapping
from datetime import timedelta

from django.db import transaction
from django.db.models import Count, Model, QuerySet
from django.utils import timezone

from broadsheet.errors import BadInput, NotFound
from broadsheet.mail import addresses, reports, subscriptions, tokens
from broadsheet.mail.models import Bounce, Delivery, State, Subscription, Suppression
from broadsheet.mail.reports import Report, read

__all__ = ["Report", "allow", "from_facts", "read", "refused", "standing", "take_in", "take_in_report"]

SOFT_MOST = 5
"""Mails of one subscription that a server may put off within SOFT_DAYS before its address is suspended."""

SOFT_DAYS = 14


def take_in(raw: bytes) -> bool:
    """Take in one message that came back. Returns whether it is a report about a mail of ours.

    Raises BadInput for one that cannot be taken apart.
    """
    report = read(raw)
    return report is not None and take_in_report(report)


def take_in_report(report: Report) -> bool:
    """Act on a report: hard ends mails to the address, soft does when it repeats, a complaint is final.

    Returns whether it is about a mail of ours. The same report twice counts once.
    """
    with transaction.atomic():
        delivery = Delivery.objects.filter(token=report.token).first() if report.token else None
        subscription = _subscription(delivery, report.leaving)
        if subscription is None:
            return False
        _, new = Bounce.objects.get_or_create(
            subscription=subscription,
            report=report.digest,
            defaults={
                "delivery": delivery,
                "kind": report.kind,
                "status": report.status[:20],
                "text": reports.clean(report.text),
            },
        )
        if new:
            _follow_up(subscription, report)
    return True


def refused(delivery: Delivery, code: int, answer: str) -> str:
    """Act on a mail server that refused a digest's address while it was sent. Returns ``hard`` or ``soft``.

    code: of the SMTP answer, such as 550. answer: its text.
    """
    text = f"{code} {answer}"
    status = next(iter(reports.STATUS.findall(answer)), "")
    kind = reports.kind_of(status, text)
    take_in_report(Report(kind, delivery.token, "", status, text, f"smtp:{delivery.token}"))
    return kind


def from_facts(facts: Mapping[str, object]) -> Report:
    """Return the report that a mail service describes by ``messageId``, ``kind``, ``status`` and ``text``.

    Raises BadInput.
    """
    values = {name: facts.get(name, "") for name in ("messageId", "kind", "status", "text")}
    wrong = [name for name, value in values.items() if not isinstance(value, str)]
    if wrong:
        raise BadInput(f"{wrong[0]} is no text.", "All of messageId, kind, status and text are texts.")
    given = {name: str(value) for name, value in values.items()}
    token = reports.TOKEN.search("<" + given["messageId"].strip().strip("<>") + ">")
    if token is None:
        raise BadInput("messageId is not one of this site.", "It takes the Message-ID of the mail that was sent.")
    status = next(iter(reports.STATUS.findall(given["status"])), "")
    kind = given["kind"].lower()
    if kind == "bounce" or (not kind and status):
        kind = reports.kind_of(status, given["text"])
    if kind not in reports.KINDS:
        raise BadInput(f"kind is {given['kind'][:20]!r}.", "It takes hard, soft, complaint, or bounce with a status.")
    digest = f"told:{token[1]}:{kind}"
    return Report(kind, token[1], "", status, reports.clean(given["text"]), digest)


def allow(address: str) -> tuple[bool, int]:
    """Let an address be mailed again, as the operator knows that it takes mail. Raises BadInput for what is none.

    Returns whether it was suppressed, and how many suspended subscriptions go on.
    """
    with transaction.atomic():
        was = addresses.allow(address)
        held = Subscription.objects.filter(address=addresses.address_of(address), state=State.SUSPENDED)
        return was, len([subscriptions.resume(subscription) for subscription in held.order_by("pk")])


def standing() -> dict[str, dict[str, int]]:
    """Return how many subscriptions there are by state, what came back lately by kind, and suppressed addresses."""
    lately = timezone.now() - timedelta(days=SOFT_DAYS)
    return {
        "subscriptions": _counts(Subscription.objects.all(), "state"),
        f"came_back_in_{SOFT_DAYS}_days": _counts(Bounce.objects.filter(made__gte=lately), "kind"),
        "suppressed_addresses": _counts(Suppression.objects.all(), "reason"),
    }


def _counts[M: Model](rows: QuerySet[M], name: str) -> dict[str, int]:
    found = rows.order_by(name).values_list(name).annotate(number=Count("pk"))
    return {str(value): int(number) for value, number in found}


def _subscription(delivery: Delivery | None, leaving: str) -> Subscription | None:
    """Return the subscription that a report is about, held with all of its address against others that act on them."""
    number = delivery.subscription_id if delivery else None
    if number is None and leaving:
        try:
            number = tokens.subscription_of(leaving).pk
        except NotFound:
            return None
    if number is None:
        return None
    address = Subscription.objects.filter(pk=number).values_list("address", flat=True).first()
    held = addresses.hold(address) if address else []
    return next((one for one in held if one.pk == number), None)


def _follow_up(subscription: Subscription, report: Report) -> None:
    if report.kind == "complaint":
        addresses.suppress(subscription.address, "complaint")
    elif report.kind == "hard":
        _suspend_address(subscription.address, f"Mail could not be delivered: {report.text or report.status}")
    elif _too_soft(subscription):
        reason = f"Mail could not be delivered {SOFT_MOST} times: {report.text or report.status}"
        _suspend_address(subscription.address, reason)


def _too_soft(subscription: Subscription) -> bool:
    """Whether mails were put off too often; those counted do not count again once the reader has mended it."""
    lately = subscription.bounces.filter(kind="soft", made__gte=timezone.now() - timedelta(days=SOFT_DAYS))
    found = list(lately.values_list("pk", "delivery"))
    if len({delivery or -number for number, delivery in found}) < SOFT_MOST:
        return False
    lately.update(kind="soft-past")
    return True


def _suspend_address(address: str, reason: str) -> None:
    """Suspend every subscription of an address: it is the address that takes no mail."""
    for subscription in Subscription.objects.filter(address=address, state=State.ACTIVE).order_by("pk"):
        subscriptions.suspend(subscription, reports.clean(reason))
