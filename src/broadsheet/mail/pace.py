"""How fast digests go: even gaps, a minute's and a domain's, and wider ones where a mail server asks for it."""

import math
import threading
import time
from collections.abc import Callable

MOST_DOMAINS = 10_000
"""Domains whose next moment is kept; those whose gap is over are forgotten first."""

WIDEST = 30.0
"""Seconds between two mails at most, however often a server says that it is too much."""


class Pace:
    """When the next mail may go, for all connections together.

    per_minute, per_domain: mails in a minute at most, of all and of those to one domain; 0 for any. Mails go at even
    gaps, so that no minute holds more, wherever it begins. clock: in seconds; given by tests.
    """

    def __init__(self, per_minute: int, per_domain: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._gap = 60 / per_minute if per_minute else 0.0
        self._domain_gap = 60 / per_domain if per_domain else 0.0
        self._slower = 0.0
        self._next = -math.inf
        self._domains: dict[str, float] = {}
        self._clock = clock
        self._lock = threading.Lock()

    def claim(self, domain: str) -> float:
        """Take the next place for a mail to a domain, and return in how many seconds it is.

        Returns infinity, and takes none, where the domain has had its share for now.
        """
        with self._lock:
            now = self._clock()
            if self._domains.get(domain, now) > now:
                return math.inf
            at = max(now, self._next)
            self._next = at + max(self._gap, self._slower)
            if self._domain_gap:
                self._keep(domain, at + self._domain_gap, now)
            return at - now

    def _keep(self, domain: str, until: float, now: float) -> None:
        if len(self._domains) >= MOST_DOMAINS:
            self._domains = {name: moment for name, moment in self._domains.items() if moment > now}
        self._domains[domain] = until

    def full(self) -> list[str]:
        """Return the domains that have had their share for now, those that wait longest first."""
        with self._lock:
            now = self._clock()
            return sorted((d for d, until in self._domains.items() if until > now), key=lambda d: -self._domains[d])

    def until_free(self) -> float:
        """Return the seconds until some domain that had its share gets more; 0 where none waits."""
        with self._lock:
            now = self._clock()
            return min((until - now for until in self._domains.values() if until > now), default=0.0)

    def too_fast(self) -> None:
        """Widen the gap twofold, as the mail server says that it is too much."""
        with self._lock:
            self._slower = min(max(self._slower * 2, 0.25), WIDEST)
            self._next = max(self._next, self._clock() + self._slower)

    def went_well(self) -> None:
        """Narrow a widened gap a little, as the mail server took one."""
        with self._lock:
            self._slower = self._slower * 0.98 if self._slower > 0.01 else 0.0
