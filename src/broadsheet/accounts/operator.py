"""The operator: whoever runs commands beside the site. An administrator in the log and to the verbs, whom nobody can
sign in as.
"""

from broadsheet.accounts.models import Role, User

NAME = "operator"
"""Reserved: no reader can have it."""


def operator() -> User:
    """Return the operator, made at first use: without a password, a mail address or a way to sign in."""
    made, _ = User.objects.get_or_create(
        username=NAME, defaults={"name": "Operator", "role": Role.ADMIN, "is_active": False, "password": "!"}
    )
    return made
