"""What the polite client wants of the gate before a host. The gate itself, in the database, is ``work.gates``."""

from typing import Protocol

LONGEST_WAIT = 120.0
"""Seconds that anybody waits before a gate; one that is held for longer turns away at once."""


class Gate(Protocol):
    """Lets requests to one host through, one by one."""

    def wait(self) -> None:
        """Return when a request may start.

        Raises Upstream where the host asked for a pause that is longer than anybody should wait.
        """

    def answered(self) -> None:
        """Take note that the host has begun to answer the request that was let through."""

    def hold(self, seconds: float) -> None:
        """Let nobody through for some seconds, as a host asked."""
