"""What the polite client wants of the gate before a host. The gate itself, in the database, is ``work.gates``."""

from typing import Protocol

LONGEST_WAIT = 120.0
"""Seconds that anybody waits before a gate; one that is held for longer turns away at once."""


class Gate(Protocol):
    """Lets requests to one host through, one by one."""

    def wait(self, lease: float = 0) -> None:
        """Return when a request may start; nobody else is let through until it is done.

        lease: seconds after which whoever was let through counts as dead that gives no sign of life.
        Raises Upstream where the host asked for a pause that is longer than anybody should wait.
        """

    def goes_on(self) -> None:
        """Give a sign of life: the host answers, or goes on answering."""

    def done(self) -> None:
        """Let the next one through, once the delay has passed."""

    def hold(self, seconds: float) -> None:
        """Let nobody through for some seconds, as a host asked."""
