"""Readers, their sessions, tokens and one-time links, organisations, and the buckets of the rate limits.

What changes them lives in the modules of verbs beside this one; what readers do with papers lives in ``community``.
"""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

NAME = r"[a-z0-9](?:[a-z0-9-]{0,37}[a-z0-9])?"
"""A reader's or an organisation's name as it stands in addresses: 1 to 39 letters, digits and single hyphens inside."""


def public_id() -> str:
    """Return 24 random hex characters: an id that can be shown and not be guessed."""
    return secrets.token_hex(12)


class Role(models.TextChoices):
    """What a reader may do beyond reading; each role may all that the ones before it may."""

    READER = "reader"
    TRUSTED = "trusted"
    MODERATOR = "moderator"
    ADMIN = "admin"


class User(AbstractUser):
    """A reader. ``username`` stands in addresses and mentions, ``name`` is what others see."""

    first_name = None  # type: ignore[assignment]  # one name, as not everybody's has two parts in this order
    last_name = None  # type: ignore[assignment]  # as above
    username = models.CharField(max_length=39, unique=True, validators=[RegexValidator(rf"\A{NAME}\Z")])
    email = models.EmailField(blank=True)
    email_verified = models.BooleanField(default=False)
    public_id = models.CharField(max_length=24, unique=True, default=public_id, editable=False)
    name = models.CharField(max_length=80, blank=True)
    affiliation = models.CharField(max_length=120, blank=True)
    about = models.CharField(max_length=500, blank=True)
    website = models.URLField(max_length=200, blank=True)
    orcid = models.CharField(max_length=19, blank=True)
    orcid_verified = models.BooleanField(default=False, help_text="Signed in through ORCID itself.")
    orcid_name = models.CharField(
        max_length=120, blank=True, help_text="The name that ORCID told; unlike name, the reader cannot set it here."
    )
    role = models.CharField(max_length=12, choices=Role, default=Role.READER)
    public_votes = models.BooleanField(default=False, help_text="Whether others see what this reader voted for.")
    notify = models.JSONField(default=dict, blank=True, help_text="How each kind of notification is told.")
    suspended_until = models.DateTimeField(null=True, blank=True)
    suspended_reason = models.CharField(max_length=300, blank=True)
    feed_keys = models.PositiveIntegerField(
        default=1,
        help_text="Number of the secrets in the addresses of private feeds; those of an earlier one are gone.",
    )

    REQUIRED_FIELDS = ["email"]

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), condition=~models.Q(email=""), name="one_account_an_address"),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def shown_name(self) -> str:
        """The name that others see."""
        return self.name or self.username

    def get_full_name(self) -> str:
        """Return the name that others see, where Django asks for it."""
        return self.shown_name

    def get_short_name(self) -> str:
        """Return the name that stands in addresses, where Django asks for it."""
        return self.username

    @property
    def is_moderator(self) -> bool:
        """Whether this reader may moderate."""
        return self.role in (Role.MODERATOR, Role.ADMIN)

    @property
    def is_admin(self) -> bool:
        """Whether this reader may do everything."""
        return self.role == Role.ADMIN

    @property
    def is_suspended(self) -> bool:
        """Whether this reader may only read for now."""
        return self.suspended_until is not None and self.suspended_until > timezone.now()

    def age(self) -> timedelta:
        """How long this account has been here."""
        joined: datetime = self.date_joined
        return timezone.now() - joined


class Session(AbstractBaseSession):
    """One signed-in browser, so that its reader can see it and end it. Anonymous visitors have none."""

    reader = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="sessions")
    public_id = models.CharField(max_length=24, unique=True, default=public_id)
    agent = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=64, blank=True)
    made = models.DateTimeField(auto_now_add=True)
    seen = models.DateTimeField(default=timezone.now)

    @classmethod
    def get_session_store_class(cls) -> Any:
        """Return the store that writes this table."""
        from broadsheet.accounts.sessions import SessionStore

        return SessionStore


class Scope(models.TextChoices):
    """What a token allows; to write is to read too."""

    READ = "read"
    WRITE = "write"


class ApiToken(models.Model):
    """A token of the API. Only its digest is kept, so it is shown once."""

    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="tokens")
    public_id = models.CharField(max_length=24, unique=True, default=public_id)
    name = models.CharField(max_length=60)
    digest = models.CharField(max_length=64, unique=True)
    start = models.CharField(max_length=12, help_text="The first characters, by which a reader tells tokens apart.")
    scope = models.CharField(max_length=8, choices=Scope, default=Scope.READ)
    made = models.DateTimeField(auto_now_add=True)
    used = models.DateTimeField(null=True)
    expires = models.DateTimeField(null=True)
    refresh = models.CharField(max_length=64, blank=True, db_index=True, help_text="Digest of what renews it.")
    renewed_by = models.CharField(max_length=64, blank=True, db_index=True, help_text="Digest of what renewed it last.")

    def __str__(self) -> str:
        return f"{self.start}… ({self.name})"


class LinkKind(models.TextChoices):
    """What a one-time link does."""

    SIGN_IN = "sign-in"
    CONFIRM = "confirm"
    RESET = "reset"
    INVITE = "invite"


class OneTimeLink(models.Model):
    """A link that works once and for a while: mailed to sign in, to confirm an address or to reset; or an invitation.

    Only its digest is kept. ``reader`` is whose account it opens; for an invitation, who invited.
    """

    kind = models.CharField(max_length=12, choices=LinkKind)
    digest = models.CharField(max_length=64, unique=True)
    reader = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="links")
    email = models.EmailField(blank=True, help_text="The address it was sent to or is meant for.")
    made = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    used = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.kind} for {self.email or self.reader}"


class DeviceGrant(models.Model):
    """A program that asked to be signed in as a reader, who types the short code on a page (RFC 8628)."""

    digest = models.CharField(max_length=64, unique=True, help_text="Of the device code that the program keeps.")
    user_code = models.CharField(max_length=9, unique=True)
    client = models.CharField(max_length=80, blank=True, help_text="What the program calls itself.")
    scope = models.CharField(max_length=8, choices=Scope, default=Scope.READ)
    reader = models.ForeignKey(User, on_delete=models.CASCADE, null=True)
    denied = models.BooleanField(default=False)
    made = models.DateTimeField(auto_now_add=True)
    expires = models.DateTimeField()
    asked = models.DateTimeField(null=True, help_text="When the program asked last; it must wait in between.")

    def __str__(self) -> str:
        return f"{self.user_code} for {self.client or 'a program'}"


class Organization(models.Model):
    """A group of readers whose papers stand together. ``slug`` is what papers name in ``organization_slug``."""

    slug = models.CharField(max_length=39, unique=True, validators=[RegexValidator(rf"\A{NAME}\Z")])
    public_id = models.CharField(max_length=24, unique=True, default=public_id)
    name = models.CharField(max_length=120)
    about = models.CharField(max_length=500, blank=True)
    website = models.URLField(max_length=200, blank=True)
    verified = models.BooleanField(default=False, help_text="A moderator has seen that it is what it says.")
    made = models.DateTimeField(auto_now_add=True)
    members = models.ManyToManyField(User, through="Membership", related_name="organizations")

    def __str__(self) -> str:
        return self.slug


class Membership(models.Model):
    """A reader in an organisation; owners admit others."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="memberships")
    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    owner = models.BooleanField(default=False)
    since = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "reader"], name="one_membership")]

    def __str__(self) -> str:
        return f"{self.reader} in {self.organization}"


class JoinRequest(models.Model):
    """A reader who asks to be admitted to an organisation. Gone once an owner has answered."""

    organization = models.ForeignKey(Organization, on_delete=models.CASCADE, related_name="join_requests")
    reader = models.ForeignKey(User, on_delete=models.CASCADE, related_name="join_requests")
    made = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["organization", "reader"], name="one_join_request")]

    def __str__(self) -> str:
        return f"{self.reader} to {self.organization}"


class Bucket(models.Model):
    """A token bucket of the rate limits, shared by all processes. key: what is limited and for whom."""

    key = models.CharField(max_length=120, primary_key=True)
    tokens = models.FloatField()
    filled = models.FloatField(help_text="When it was filled last, in seconds since 1970.")

    def __str__(self) -> str:
        return self.key
