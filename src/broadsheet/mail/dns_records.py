"""What DNS says of a domain that sends mail: SPF (RFC 7208), DKIM keys (RFC 6376) and DMARC (RFC 7489), judged.

Records tell what others will check, not whether a mail passes: that shows in the headers of one that arrived.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from functools import partial
from typing import Any

import dns.exception
import dns.name
import dns.resolver

from broadsheet.checks import Check, bad, fine, unknown, weak
from broadsheet.errors import BadInput

PATIENCE = 5.0
"""Seconds that name servers have for one question."""

SPF_MOST = 10
"""Look-ups that evaluating an SPF record may cost; receivers give up beyond them (RFC 7208, 4.6.4)."""

SHORT_KEY, FAIR_KEY = 150, 280
"""Bytes of an RSA public key as published: 162 for 1024 bits, 294 for 2048."""


class Silent(Exception):
    """No name server answered."""


class Records:
    """Questions to the name servers. at: one to ask instead of the system's, as 127.0.0.1 or 127.0.0.1:5353."""

    def __init__(self, at: str = "") -> None:
        self._silent = False
        try:
            self._resolver = dns.resolver.Resolver(configure=not at)
        except dns.resolver.NoResolverConfiguration:
            self._resolver, self._silent = dns.resolver.Resolver(configure=False), True
        self._resolver.lifetime = PATIENCE
        if at:
            host, _, port = at.rpartition(":") if re.search(r"[\w.]:\d+$|\]:\d+$", at) else (at, "", "53")
            try:
                self._resolver.nameservers = [host.strip("[]")]
                self._resolver.port = int(port)
            except ValueError:
                raise BadInput(f"{at[:80]!r} is no name server.", "It takes an address as 9.9.9.9 or ::1.") from None

    def texts(self, name: str) -> list[str]:
        """Return the TXT records of a name. Raises Silent; after the first silence without waiting again."""
        return [b"".join(found.strings).decode(errors="replace") for found in self._ask(name, "TXT")]

    def receives(self, name: str) -> bool:
        """Whether a domain has somewhere to receive mail. Raises Silent."""
        servers = self._ask(name, "MX")
        if servers:
            return any(str(found.exchange) != "." for found in servers)
        return bool(self._ask(name, "A") or self._ask(name, "AAAA"))

    def _ask(self, name: str, kind: str) -> list[Any]:
        if self._silent:
            raise Silent
        try:
            return list(self._resolver.resolve(f"{name}.", kind))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer, dns.name.LabelTooLong, dns.name.EmptyLabel):
            return []
        except (dns.exception.DNSException, OSError) as error:
            self._silent = True
            raise Silent from error


def look(records: Records, domain: str, envelope: str, selector: str) -> Iterator[Check]:
    """Return what was found. domain: that of the sender people see. envelope: that of the address bounces go to."""
    for name, judge in (
        ("SPF", partial(spf, records, envelope)),
        ("DKIM", partial(dkim, records, domain, selector)),
        ("DMARC", partial(dmarc, records, domain)),
        ("Bounces reach", partial(receiving, records, envelope)),
    ):
        try:
            yield judge()
        except Silent:
            yield unknown(name, "No name server answered.", "Try where DNS works, or name one by --name-server.")


# --- SPF --------------------------------------------------------------------------------------------------------------


def spf(records: Records, domain: str) -> Check:
    """Judge which servers may send for a domain. Raises Silent."""
    found = _spf_records(records, domain)
    example = f'A TXT record at {domain} such as "v=spf1 mx include:your-mail-service.example -all".'
    if not found:
        return bad("SPF", f"{domain} does not say who may send for it.", example)
    if len(found) > 1:
        return bad("SPF", f"{domain} has {len(found)} SPF records; receivers take none of them.", "Keep one.")
    terms = found[0].lower().split()[1:]
    cost = _cost(records, domain, {domain}, SPF_MOST)
    last = next((term for term in terms if term.endswith("all")), "")
    if cost > SPF_MOST:
        return bad("SPF", f"Reading the record takes over {SPF_MOST} look-ups: receivers give up.", "Include less.")
    if last in {"all", "+all"}:
        return bad("SPF", "The record lets everybody send for the domain (+all).", "End it with -all.")
    if last == "?all" or not (last or any(term.startswith("redirect=") for term in terms)):
        return weak("SPF", "The record does not say what of others.", "End it with -all or ~all.")
    return fine("SPF", f"{found[0]} ({cost} of {SPF_MOST} look-ups)")


def _spf_records(records: Records, domain: str) -> list[str]:
    return [text for text in records.texts(domain) if re.match(r"v=spf1( |$)", text, re.IGNORECASE)]


def _cost(records: Records, domain: str, seen: set[str], left: int) -> int:
    """Return the look-ups that a record takes, with those of the records it includes; over ``left`` at the limit."""
    cost = 0
    for term in next(iter(_spf_records(records, domain)), "").lower().split()[1:]:
        kind, _, rest = re.sub(r"^[+?~-]", "", term).replace("=", ":", 1).partition(":")
        cost += kind.partition("/")[0] in {"a", "mx", "ptr", "exists", "include", "redirect"}
        if cost > left:
            break
        if kind in {"include", "redirect"} and rest not in seen and "%" not in rest:
            cost += _cost(records, rest, seen | {rest}, left - cost)
    return cost


# --- DKIM -------------------------------------------------------------------------------------------------------------


def dkim(records: Records, domain: str, selector: str) -> Check:
    """Judge the public key that signatures are checked with. Raises Silent."""
    if not selector:
        return unknown(
            "DKIM",
            "No selector was named, and keys cannot be found without.",
            "Give --dkim-selector: the s= of the DKIM-Signature in a mail that arrived.",
        )
    name = f"{selector}._domainkey.{domain}"
    found = [_tags(text) for text in records.texts(name)]
    keys = [tags for tags in found if "p" in tags]
    if not keys:
        return bad("DKIM", f"There is no key at {name}.", "Have the mail server sign, and publish the key it gives.")
    return _judge_key(name, keys[0])


def _judge_key(name: str, tags: dict[str, str]) -> Check:
    try:
        key = base64.b64decode(re.sub(r"\s", "", tags["p"]), validate=True)
    except (binascii.Error, ValueError):
        return bad("DKIM", f"The key at {name} cannot be read.", "Publish it again as the mail server gives it.")
    if not key:
        return bad("DKIM", f"The key at {name} is withdrawn.", "Publish the one that the mail server signs with.")
    kind = tags.get("k", "rsa").lower()
    if kind == "rsa" and len(key) < SHORT_KEY:
        return bad("DKIM", f"The key at {name} has under 1024 bits.", "Make one of 2048 bits.")
    if "y" in tags.get("t", "").split(":"):
        return weak("DKIM", f"The key at {name} is marked as a test (t=y).", "Take the mark away once it works.")
    if kind == "rsa" and len(key) < FAIR_KEY:
        return weak("DKIM", f"The key at {name} has under 2048 bits.", "Make one of 2048 bits.")
    return fine("DKIM", f"A key ({kind}) is at {name}.")


# --- DMARC ------------------------------------------------------------------------------------------------------------


def dmarc(records: Records, domain: str) -> Check:
    """Judge what receivers are asked to do with mail that fails, found at the domain or above it. Raises Silent."""
    labels = domain.split(".")
    for start in range(max(len(labels) - 1, 1)):
        name = "_dmarc." + ".".join(labels[start:])
        found = [text for text in records.texts(name) if re.match(r"v=DMARC1\s*(;|$)", text, re.IGNORECASE)]
        if len(found) > 1:
            return bad("DMARC", f"{name} has {len(found)} records; receivers take none of them.", "Keep one.")
        if found:
            return _judge_policy(name, _tags(found[0]), below=start > 0)
    return bad(
        "DMARC",
        f"{domain} has no DMARC record, which large providers ask of who mails many.",
        f'A TXT record at _dmarc.{domain} such as "v=DMARC1; p=none; rua=mailto:postmaster@{domain}".',
    )


def _judge_policy(name: str, tags: dict[str, str], *, below: bool) -> Check:
    policy = (tags.get("sp") if below and "sp" in tags else tags.get("p", "")) or ""
    if policy.lower() not in {"none", "quarantine", "reject"}:
        return bad("DMARC", f"{name} has no policy that is known: p={policy[:20]}.", "It takes none or reject.")
    if policy.lower() == "none":
        return fine("DMARC", f"{name} asks receivers to watch only (p=none): enough to be taken.")
    return fine("DMARC", f"{name} asks to {policy.lower()} what fails.")


def receiving(records: Records, domain: str) -> Check:
    """Judge whether mails that come back find their way. Raises Silent."""
    if records.receives(domain):
        return fine("Bounces reach", f"{domain} receives mail.")
    return bad(
        "Bounces reach",
        f"{domain} receives no mail, so nothing that comes back arrives, and some servers refuse such senders.",
        "Set BROADSHEET_BOUNCE_ADDRESS to an address that exists.",
    )


def _tags(text: str) -> dict[str, str]:
    pairs = (piece.partition("=") for piece in text.split(";"))
    return {name.strip().lower(): value.strip() for name, sign, value in pairs if sign}
