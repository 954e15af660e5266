"""How accounts come and are proved: sign-up, invitations, signing in, confirmed addresses and roles.

How readers change theirs lives in ``passwords`` and ``sessions``; what others see, and how one ends, in ``community``.
"""

import unicodedata
from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.contrib.auth import authenticate
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator, validate_email
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from broadsheet.accounts import limits, links, mail, readers
from broadsheet.accounts.models import NAME, LinkKind, Organization, Role, User
from broadsheet.errors import BadInput, Conflict, NotFound, Refused

RESERVED = frozenset(
    {
        "admin",
        "administrator",
        "anonymous",
        "broadsheet",
        "deleted",
        "everyone",
        "me",
        "moderator",
        "new",
        "nobody",
        "null",
        "official",
        "operator",
        "reader",
        "root",
        "settings",
        "support",
        "system",
        "undefined",
    }
)
"""Names that would look like the site's own, or like nobody's."""

UNCONFIRMED = timedelta(days=2)
"""How long a name is kept for somebody who signed up and has not opened the link that was mailed."""

INVITATIONS_PER_DAY = 10


# --- Coming -------------------------------------------------------------------------------------------------------


def sign_up(
    username: str, email: str, password: str, *, invitation: str = "", site: str = "", then: str = "", subnet: str = ""
) -> tuple[User, bool]:
    """Make an account. Return it, and whether it may sign in now: with an invitation, or after its mailed link.

    username: the name in addresses. invitation: the secret of an invitation, needed unless the site is open.
    site: the site's address for mailed links. then: a query that the mailed link carries along. subnet: where it comes
    from, if that is to be limited.

    Whether the address is taken shows nowhere: its owner alone is told, by mail, and an account gets its address when
    that is confirmed. Raises BadInput for a name or password that cannot be, Conflict for a name that is taken,
    NotFound for an invitation that does not work, Refused where nobody signs up, TooMany.
    """
    mode = readers.mode()
    if mode == "single" or (mode == "closed" and not invitation):
        raise Refused("Nobody can sign up here by themselves.", "Ask a reader of this site for an invitation.")
    email = address(email)
    free_name(username)
    user = User(username=username, is_active=bool(invitation))
    good_password(password, user, email)
    if subnet:
        limits.spend(f"sign-up:{subnet}", capacity=settings.SIGN_UPS_PER_DAY, seconds=86_400)
    few_mails(email)
    user.set_password(password)
    with transaction.atomic():
        invited = links.use(LinkKind.INVITE, invitation) if invitation else None
        _save_new(user)
        if invited and invited.email == email and not by_email(email):
            user.email, user.email_verified = email, True  # the invitation was opened from that address's mail
            user.save(update_fields=["email", "email_verified"])
            return user, True
        secret = links.make(LinkKind.CONFIRM, user, email)
    mail_confirmation(email, secret, site, then)
    return user, user.is_active


def add_reader(
    username: str, email: str = "", password: str | None = None, role: Role = Role.READER, *, name: str = ""
) -> User:
    """Make an account for an operator, who vouches for its address. Raises BadInput or Conflict.

    password: None for an account that signs in by mailed links, or sets one by a reset.
    name: the one that others see.
    """
    email = address(email) if email else ""
    free_name(username)
    if by_email(email):
        raise Conflict(f"There is an account for {email} already.")
    user = User(username=username, email=email, email_verified=bool(email), role=role, name=line(name)[:80])
    user.is_staff = user.is_superuser = role == Role.ADMIN
    if password is not None:
        good_password(password, user)
    user.set_password(password)
    _save_new(user)
    return user


def invite(visitor: readers.Visitor, email: str = "", *, site: str = "") -> str:
    """Make an invitation and return its path; one for an address is mailed there, and '' returned.

    Opening it confirms that address, so nobody but its owner gets to see the link; administrators, who vouch, do.
    Raises SignInNeeded, BadInput, Refused or TooMany.
    """
    reader = readers.active(visitor, "invite others")
    if readers.mode() == "single":
        raise Refused("This site has one reader.", "Set BROADSHEET_MODE to closed or open to have more.")
    email = address(email) if email else ""
    if not reader.is_admin:
        most = limits.share(reader, INVITATIONS_PER_DAY)
        limits.spend(f"invite:{reader.pk}", capacity=most, seconds=86_400)
    path = f"/invitation/{links.make(LinkKind.INVITE, reader, email)}"
    if email:
        mail.send("invite", email, {"address": mail.absolute(path, site)})
    return path if reader.is_admin or not email else ""


def confirm(secret: str) -> tuple[User, bool]:
    """Confirm the address that a link was mailed to. Return the reader, and whether this finished a sign-up.

    Raises NotFound for a link that does not work, also where the address became another account's meanwhile.
    """
    try:
        with transaction.atomic():
            link = links.use(LinkKind.CONFIRM, secret)
            user = User.objects.select_for_update().get(links=link)
            finished = not user.is_active
            user.email, user.email_verified, user.is_active = link.email, True, True
            user.save(update_fields=["email", "email_verified", "is_active"])
            links.void(user)  # what was mailed to the former address opens nothing any more
    except IntegrityError:
        hint = "The address belongs to an account: sign in with it."
        raise NotFound("This link does not work.", hint) from None
    return user, finished


# --- Signing in ---------------------------------------------------------------------------------------------------


def by_email(email: str) -> User | None:
    """Return the account of an address, however its letters are written."""
    if not email:
        return None
    return User.objects.alias(lower=Lower("email")).filter(lower=email.lower()).first()


def check(name: str, password: str, *, subnet: str = "") -> User | None:
    """Return the reader who signs in with a name or an address and a password, None for any that do not fit.

    An unknown name takes as long as a wrong password. subnet: where it comes from, if that is to be limited. Raises
    TooMany; others who try cannot keep the reader out from elsewhere for long, and a mailed link works still.
    """
    name = name.strip().replace("\0", "")
    if subnet:
        limits.spend(f"sign-in:{subnet}", capacity=100, seconds=900)
        limits.spend(f"sign-in:{subnet}:{name.lower()}", capacity=10, seconds=900)
        limits.spend(f"sign-in:{name.lower()}", capacity=100, seconds=3600)
    known = by_email(name) if "@" in name else None
    username = known.username if known else name.lower()
    return authenticate(None, username=username, password=password)


def mail_sign_in(email: str, *, site: str = "", then: str = "", subnet: str = "") -> None:
    """Mail a link that signs in, if there is an account for the address; nothing tells whether there is."""
    few_mails(address(email), subnet)
    reader = owner(email)
    secret = links.make(LinkKind.SIGN_IN, reader, address(email))
    mail.send("sign-in", reader or "", {"address": mail.absolute(f"/sign-in/link/{secret}", site) + then})


def open_sign_in(secret: str) -> User:
    """Use up a mailed link and return who is signed in by it. Raises NotFound."""
    reader = links.use(LinkKind.SIGN_IN, secret).reader
    if reader is None or not reader.is_active:
        raise NotFound("This link does not work.", "The account is closed.")
    return reader


# --- Roles --------------------------------------------------------------------------------------------------------


def set_role(visitor: readers.Visitor, reader: User, role: str) -> None:
    """Give a reader a role. Raises BadInput, Refused to all but administrators, and where none would be left."""
    readers.admin(visitor)
    if role not in Role.values:
        raise BadInput(f"{role[:20]!r} is no role.", f"Roles are {', '.join(Role.values)}.")
    with transaction.atomic():
        locked = User.objects.select_for_update(no_key=True).order_by("pk")
        admins = set(locked.filter(role=Role.ADMIN, is_active=True).values_list("pk", flat=True))
        if role != Role.ADMIN and admins == {reader.pk}:
            raise Refused(f"{reader.username} is the only administrator.", "Make another one first.")
        reader.role = Role(role)
        reader.is_staff = reader.is_superuser = role == Role.ADMIN
        reader.save(update_fields=["role", "is_staff", "is_superuser"])


# --- What can be given --------------------------------------------------------------------------------------------


def address(email: str) -> str:
    """Return an address as it is kept: in small letters. Raises BadInput for what is none."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise BadInput(f"{email[:80]!r} is no mail address.", "It looks like ada@example.org.") from None
    return email


def free_name(username: str) -> None:
    """Check that a name can be had. Raises BadInput or Conflict."""
    try:
        RegexValidator(rf"\A{NAME}\Z")(username)
    except ValidationError:
        raise BadInput(
            f"{username[:40]!r} cannot stand in addresses.", "Names have 1 to 39 small letters, digits and hyphens."
        ) from None
    _sweep_unconfirmed()
    taken = User.objects.filter(username=username).exists() or Organization.objects.filter(slug=username).exists()
    if username in RESERVED or taken:
        raise Conflict(f"The name {username} is taken.", "Choose another.")


def good_password(password: str, reader: User, email: str = "") -> None:
    """Check a new password: ten characters, not known from breaches, not the reader's own name. Raises BadInput."""
    try:
        validate_password(password, User(username=reader.username, name=reader.name, email=email or reader.email))
    except ValidationError as error:
        raise BadInput(" ".join(error.messages)) from None


def line(text: str) -> str:
    """Return typed text as one line without characters that cannot be seen or that turn what stands around them."""
    seen = "".join(" " if letter.isspace() else letter for letter in text)
    return " ".join("".join(letter for letter in seen if unicodedata.category(letter)[0] != "C").split())


def _save_new(user: User) -> None:
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:  # another request was first
        raise Conflict(f"The name {user.username} is taken.", "Choose another.") from None


def _sweep_unconfirmed() -> None:
    ended: QuerySet[User] = User.objects.filter(
        is_active=False,
        last_login=None,
        email="",
        date_joined__lt=timezone.now() - UNCONFIRMED,
        links__kind=LinkKind.CONFIRM,
    )
    ended.delete()


def few_mails(email: str, subnet: str = "") -> None:
    """Count a mail that somebody has sent to an address, before it is known whether it has an account.

    subnet: where that comes from, if it is to be limited too. Raises TooMany.
    """
    if subnet:
        limits.spend(f"mail-from:{subnet}", capacity=20, seconds=3600)
    limits.spend(f"mail-to:{sha256(email.encode()).hexdigest()[:32]}", capacity=5, seconds=3600)


def owner(email: str) -> User | None:
    """Return the reader to whom links for an address are mailed, None where nobody has confirmed it."""
    reader = by_email(address(email))
    return reader if reader and reader.is_active and reader.email_verified else None


def mail_confirmation(email: str, secret: str, site: str, then: str) -> None:
    """Mail the link; an address that has an account is told so instead, as a link to it would only fail."""
    template = "taken" if by_email(email) else "confirm"
    context = {
        "address": mail.absolute(f"/confirm/{secret}", site) + then,
        "sign_in": mail.absolute("/sign-in", site),
    }
    mail.send(template, email, context)
