"""Signing programs in (RFC 8628): the two addresses that a program calls. The page for its reader is the web room's.

They lie outside ``/api/``, where the standard's clients look, and know no cookie, so there is nothing to forge.
"""

from typing import Any, Literal

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from ninja import Form, Router, Schema
from pydantic import Field

from broadsheet.accounts import devices
from broadsheet.api.answers import json_answer, public_url
from broadsheet.api.schemas import Problem

router = Router()

PROBLEMS = {400: Problem, 401: Problem, 429: Problem}
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"


class DeviceBody(Schema):
    """Who wants to be signed in."""

    client_id: str = Field("", max_length=200, description="What the program calls itself; shown to the reader.")
    scope: str = Field("", max_length=500, description="`read` or `write`; without it the reader is asked for `write`.")


class DeviceAnswer(Schema):
    """What to show the reader, and what to ask with."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str
    expires_in: int
    interval: int


class TokenBody(Schema):
    """What a token is asked with. Which key is needed depends on `grant_type`."""

    grant_type: str = Field("", max_length=100, examples=[DEVICE_CODE, "refresh_token"])
    device_code: str = Field("", max_length=200)
    refresh_token: str = Field("", max_length=200)
    client_id: str = Field("", max_length=200)


class TokenAnswer(Schema):
    """A token, and what renews it once."""

    access_token: str
    token_type: Literal["bearer"]
    expires_in: int
    refresh_token: str
    scope: Literal["read", "write"]


@router.post("/device", response={200: DeviceAnswer, **PROBLEMS}, summary="Begin to sign a program in")
def device(request: HttpRequest, asked: Form[DeviceBody]) -> HttpResponse:
    """Get a code that the reader types on the page `/device`."""
    begun = devices.begin(asked.client_id, asked.scope)
    page = public_url(request) + reverse("device")
    return json_answer(
        {
            "device_code": begun.device_code,
            "user_code": begun.grant.user_code,
            "verification_uri": page,
            "verification_uri_complete": f"{page}?code={begun.grant.user_code}",
            "expires_in": int(devices.CODE_LIFE.total_seconds()),
            "interval": devices.INTERVAL,
        }
    )


@router.post("/token", response={200: TokenAnswer, **PROBLEMS}, summary="Get or renew a token")
def token(request: HttpRequest, asked: Form[TokenBody]) -> HttpResponse:
    """Get the token once the reader has agreed, or a new one for a `refresh_token`, which that uses up.

    Until then the answer is 400 with `authorization_pending` and the like as `error`.
    """
    try:
        granted = _granted(asked)
    except devices.OAuthFault as fault:
        return json_answer({"error": fault.word, "error_description": fault.message}, 400)
    return json_answer(
        {
            "access_token": granted.secret,
            "token_type": "bearer",
            "expires_in": int(devices.TOKEN_LIFE.total_seconds()),
            "refresh_token": granted.refresh,
            "scope": granted.token.scope,
        }
    )


def _granted(asked: Any) -> devices.Granted:
    if asked.grant_type == DEVICE_CODE:
        return devices.redeem(asked.device_code)
    if asked.grant_type == "refresh_token":
        return devices.renew(asked.refresh_token)
    raise devices.OAuthFault(
        "unsupported_grant_type", f"It is {DEVICE_CODE} or refresh_token, and not {asked.grant_type[:60]!r}."
    )
