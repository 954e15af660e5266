"""Errors as the API answers them: JSON with ``error``, and the same sentence in a header, where clients look for it."""

import json
import logging
import re

from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpResponse
from ninja.errors import HttpError, ValidationError

from broadsheet.errors import (
    BadInput,
    BroadsheetError,
    Conflict,
    Gone,
    NotFound,
    Refused,
    SignInNeeded,
    TooMany,
    Upstream,
)

logger = logging.getLogger(__name__)

_STATUS: dict[type[BroadsheetError], int] = {
    BadInput: 400,
    SignInNeeded: 401,
    Refused: 403,
    NotFound: 404,
    Gone: 410,
    Conflict: 409,
    TooMany: 429,
    Upstream: 502,
}


def error_answer(status: int, message: str) -> HttpResponse:
    """Return an error. message: a sentence for the person who made the request."""
    body = json.dumps({"error": message}, ensure_ascii=False)
    answer = HttpResponse(body, status=status, content_type="application/json; charset=utf-8")
    answer["X-Error-Message"] = header_text(message)
    return answer


def answer_to(error: Exception, request_id: str) -> HttpResponse:
    """Translate whatever was raised. What we did not foresee is logged under the request's id and not shown."""
    match error:
        case BroadsheetError():
            status = next((code for kind, code in _STATUS.items() if isinstance(error, kind)), 500)
            answer = error_answer(status, str(error))
            if isinstance(error, TooMany):
                answer["Retry-After"] = str(error.wait)
            if isinstance(error, SignInNeeded):
                answer["WWW-Authenticate"] = 'Bearer realm="Broadsheet"'
            return answer
        case ValidationError():
            return error_answer(400, "; ".join(_sentence(fault) for fault in error.errors))
        case Http404():
            return error_answer(404, "There is no such address here; the API is described at /api/docs.")
        case SuspiciousOperation():
            return error_answer(400, "The request is not one that can be read: too much in it, or not its own form.")
        case HttpError():
            return error_answer(error.status_code, str(error))
        case _:
            logger.error("API request %s failed", request_id, exc_info=error)
            return error_answer(500, f"Something went wrong here; the operator finds it in the log as {request_id}.")


def header_text(text: str) -> str:
    """Return a text as a header may carry it: one line of printable ASCII, at most 300 characters."""
    return re.sub(r"[^ -~]+", "?", " ".join(text.split()))[:300]


def _sentence(fault: dict[str, object]) -> str:
    """Say which parameter is wrong and how."""
    place = fault.get("loc")
    name = str(place[-1]) if isinstance(place, tuple | list) and place else "request"
    said = str(fault.get("msg", "is not valid")).removeprefix("Input ").removeprefix("String ")
    return f"{name} {said[:1].lower()}{said[1:]}"
