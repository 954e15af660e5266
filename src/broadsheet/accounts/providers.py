"""What the settings of sign-in by accounts elsewhere mean for allauth. Settings load it: no models here."""

import importlib.util
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

KNOWN = {
    "orcid": ("ORCID", "https://orcid.org"),
    "github": ("GitHub", "https://github.com"),
    "huggingface": ("Hugging Face", "https://huggingface.co"),
    "oidc": ("the OpenID Connect provider", ""),
}
"""The words that BROADSHEET_SIGN_IN_WITH takes, with the name and the usual address of each."""

APPS = [
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.github",
]
MIDDLEWARE = "allauth.account.middleware.AccountMiddleware"


def described(names: Sequence[str], facts: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """Return allauth's description of the providers that are switched on.

    names: the words of the setting. facts: name, url, id and secret of every known provider.
    Raises ImproperlyConfigured for an unknown word, a missing setting or a missing package.
    """
    connect: list[dict[str, Any]] = []
    made: dict[str, Any] = {"openid_connect": {"APPS": connect}}
    for word in dict.fromkeys(names):
        if word not in KNOWN:
            raise ImproperlyConfigured(f"BROADSHEET_SIGN_IN_WITH names {word!r}; it takes {', '.join(KNOWN)}.")
        known = facts[word]
        missing = [f"BROADSHEET_{word.upper()}_{fact.upper()}" for fact in ("url", "id", "secret") if not known[fact]]
        if missing:
            raise ImproperlyConfigured(
                f"BROADSHEET_SIGN_IN_WITH names {word}; set {' and '.join(missing)} as well, or take {word} out."
            )
        app = {"provider_id": word, "name": known["name"], "client_id": known["id"], "secret": known["secret"]}
        address = urlsplit(known["url"])
        if address.scheme != "https" and address.hostname not in {"localhost", "127.0.0.1", "::1"}:
            raise ImproperlyConfigured(
                f"BROADSHEET_{word.upper()}_URL is {known['url']!r}; it takes an address that begins with https://."
            )
        if word == "github":
            made["github"] = {"APP": app, "OAUTH_PKCE_ENABLED": True}
            if known["url"] != KNOWN[word][1]:
                made["github"]["GITHUB_URL"] = known["url"]
        else:
            inside = {"server_url": known["url"].rstrip("/"), "oauth_pkce_enabled": True}
            connect.append(app | {"settings": inside | ({"scope": ["openid"]} if word == "orcid" else {})})
    if not all(map(importlib.util.find_spec, ("allauth", "jwt", "requests"))):
        raise ImproperlyConfigured(
            "BROADSHEET_SIGN_IN_WITH needs the extra oauth: install it by pip install 'broadsheet[oauth]'."
        )
    return made
