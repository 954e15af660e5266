"""Where a mail service tells of mails that came back or were not wanted: protected by a key, not by a session."""

import json

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from broadsheet.errors import BadInput, BroadsheetError, Refused
from broadsheet.mail import bounces, reports
from broadsheet.mail.reports import Report
from broadsheet.web.views.errors import STATUS

MOST = 1_000
"""Reports in one JSON body."""


@csrf_exempt
@never_cache
@require_POST
def take_in(request: HttpRequest) -> JsonResponse:
    """Take in reports: one whole message as it came, or JSON. Answers how many were about mails of this site.

    Whoever has the key can end mails to readers and do nothing else. Without a key on this site the answer is the same
    as to a wrong one, so that nobody learns whether there is one.
    """
    try:
        _allowed(request)
        found = _reports(request)
    except BroadsheetError as error:
        return JsonResponse({"error": error.message, "hint": error.hint}, status=STATUS[type(error)])
    return JsonResponse({"taken": sum(bounces.take_in_report(report) for report in found)})


def _allowed(request: HttpRequest) -> None:
    kind, _, given = request.headers.get("Authorization", "").partition(" ")
    wanted = str(settings.BOUNCE_KEY)
    # Compared before anything else is asked, so that the time of the answer tells nothing of the key.
    same = constant_time_compare(given.strip(), wanted)
    if not (same and wanted and kind.lower() == "bearer"):
        raise Refused("This takes the key for bounces.", "It is sent as `Authorization: Bearer KEY`.")


def _reports(request: HttpRequest) -> list[Report]:
    if int(request.META.get("CONTENT_LENGTH") or 0) > reports.LONGEST:
        raise BadInput("That is too long.", f"Up to {reports.LONGEST:,} bytes are taken.")
    if request.content_type != "application/json":
        read = bounces.read(request.body)
        return [read] if read else []
    try:
        told = json.loads(request.body)
    except (ValueError, RecursionError):
        raise BadInput("The body is no JSON.", "Send an object, a list of them, or a message/rfc822.") from None
    several = told if isinstance(told, list) else [told]
    if len(several) > MOST or not all(isinstance(facts, dict) for facts in several):
        raise BadInput("That is no report.", f"Send an object with messageId and kind, or a list of up to {MOST}.")
    return [bounces.from_facts(facts) for facts in several]
