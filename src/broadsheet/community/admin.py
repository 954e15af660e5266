"""What administrators see in Django's admin of readers and of what they did. Acts with a reason are on the site itself.

The log of moderation can be read here and nothing more.
"""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from broadsheet.accounts.admin import Guarded, Seen
from broadsheet.accounts.models import User
from broadsheet.community import closing, log
from broadsheet.community.models import Claim, Comment, ModerationEntry, Report, Vote
from broadsheet.papers.actions import note_activity


@admin.register(User)
class ReaderAdmin(Guarded):
    """Readers. Passwords are not shown and cannot be set; roles and suspensions are given with a reason on the site."""

    list_display = ["username", "email", "role", "is_active", "suspended_until", "date_joined", "last_login"]
    list_filter = ["role", "is_active"]
    search_fields = ["username", "email"]
    ordering = ["-pk"]
    fields = ["username", "email", "email_verified", "name", "affiliation", "about", "website", "is_active", "role"]
    fields += ["acts", "suspended_until", "suspended_reason", "date_joined", "last_login", "public_id"]
    readonly_fields = ["username", "email", "email_verified", "role", "acts", "suspended_until", "suspended_reason"]
    readonly_fields += ["date_joined", "last_login", "public_id"]

    @admin.display(description="Moderation")
    def acts(self, reader: User) -> str:
        """Return a link to where roles, warnings and suspensions are given."""
        return format_html('<a href="{}?account={}">Acts</a>', reverse("moderation-about"), reader.username)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Accounts are made by their readers, by invitation or on the command line."""
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Write what was changed; an account switched off or on stands in the public log."""
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            if "is_active" in form.changed_data:
                verb, word = ("switch-on", "on again") if obj.is_active else ("switch-off", "off")
                log.note(request.user, verb, f"Switched {word} by an administrator.", account=obj)  # type: ignore[arg-type]  # an admin's obj is a User
            note_activity()

    def get_deleted_objects(self, objs: Iterable[User], request: HttpRequest) -> Any:
        """Return what the page of confirmation tells: what closing an account does, not every row it touches."""
        names = [f"{reader.username}: votes are withdrawn, comments lose their name" for reader in objs]
        return names, {"accounts": len(names)}, set(), []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Close an account, which is how accounts go."""
        with transaction.atomic():
            log.note(request.user, "close-account", "Closed by an administrator.", account=obj)  # type: ignore[arg-type]  # an admin's obj is a User
            closing.close_for(request.user, obj)

    def delete_queryset(self, request: HttpRequest, queryset: Iterable[User]) -> None:
        """Close several accounts, all or none."""
        with transaction.atomic():
            for reader in queryset:
                self.delete_model(request, reader)


@admin.register(Comment)
class CommentAdmin(Seen):
    """Comments; they are hidden and restored on the site, with a reason."""

    list_display = ["public_id", "author", "paper", "posted", "hidden", "deleted"]
    list_select_related = ["author", "paper"]
    search_fields = ["public_id", "author__username", "paper__key"]
    ordering = ["-pk"]


@admin.register(Vote)
class VoteAdmin(Seen):
    """Votes; they are made void on the site, with a reason."""

    list_display = ["reader", "paper", "cast", "taken_back", "void"]
    list_filter = ["void"]
    list_select_related = ["reader", "paper"]
    search_fields = ["reader__username", "paper__key"]
    ordering = ["-pk"]


@admin.register(Report)
class ReportAdmin(Seen):
    """Reports; they are decided in the queue."""

    list_display = ["reason", "reporter", "account", "paper", "comment", "made", "closed", "outcome"]
    list_filter = ["reason", "outcome"]
    list_select_related = ["reporter", "account", "paper", "comment"]
    search_fields = ["reporter__username", "account__username", "paper__key"]
    ordering = ["-pk"]


@admin.register(Claim)
class ClaimAdmin(Seen):
    """Claims of authorship; they are decided in the queue."""

    list_display = ["reader", "author_name", "paper", "proof", "state", "made", "decided"]
    list_filter = ["state"]
    list_select_related = ["reader", "paper"]
    search_fields = ["reader__username", "author_name", "paper__key"]
    ordering = ["-pk"]


@admin.register(ModerationEntry)
class ModerationEntryAdmin(Seen):
    """The log of moderation."""

    list_display = ["made", "moderator", "verb", "account", "paper_key", "comment_id", "reason"]
    list_filter = ["verb"]
    search_fields = ["moderator", "account", "paper_key"]
