"""The few things that can go wrong in the domain; each surface translates them once.

BroadsheetError
├── BadInput    what was given cannot be read (a page answers 400)
├── SignInNeeded  only for readers who are signed in (401; a page leads to signing in)
├── NotFound    there is no such thing here (404)
├── Gone        there was, and it has ended for good (410)
├── Refused     understood, but not allowed or not possible now (403)
├── TooMany     too often for now; says in how many seconds it works again (429)
├── Conflict    something else holds what is needed (409)
└── Upstream    a source outside did not answer as it should (502)
"""


class BroadsheetError(Exception):
    """An error that a person can act on: a message that names the thing and the value, and a hint with the way out."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()


class BadInput(BroadsheetError):
    """What was given cannot be read."""


class SignInNeeded(BroadsheetError):
    """Only for readers who are signed in."""


class NotFound(BroadsheetError):
    """There is no such thing here."""


class Gone(BroadsheetError):
    """It was here, and has ended for good."""


class Refused(BroadsheetError):
    """Understood, but not allowed or not possible now."""


class TooMany(BroadsheetError):
    """Too often for now. wait: whole seconds until it works again."""

    def __init__(self, message: str, wait: int, hint: str = "") -> None:
        super().__init__(message, hint)
        self.wait = wait


class Conflict(BroadsheetError):
    """Something else holds what is needed."""


class Upstream(BroadsheetError):
    """A source outside did not answer as it should."""
