"""What administrators see of accounts in Django's admin: no password, no digest, no secret, no content of a session.

Readers themselves are in ``community.admin``, as closing an account takes what they wrote with it.
"""

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.html import format_html

from broadsheet.accounts.models import ApiToken, Bucket, Membership, OneTimeLink, Organization, Session


class Guarded(admin.ModelAdmin):  # type: ignore[type-arg]  # Django cannot be subscripted at run time
    """A table that can be filtered by what stands beside it alone: no question such as how a password's hash begins."""

    list_per_page = 50
    show_full_result_count = False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Whether the address may filter by something."""
        return lookup.split("__", maxsplit=1)[0] in self.list_filter


class Seen(Guarded):
    """A table that administrators read; what else they may is said by its heirs."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Rows come by the site's own verbs."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows are changed by the site's own verbs."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Rows go by the site's own verbs."""
        return False


class Revoked(Seen):
    """A table whose rows administrators may delete, which ends what they allow."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether rows can be deleted: by every administrator."""
        return bool(request.user.is_active and request.user.is_superuser)


@admin.register(Session)
class SessionAdmin(Seen):
    """Signed-in browsers, to be ended. The key, which is the cookie, and the content are not shown.

    As Django's admin names rows by their key, rows here cannot be opened or chosen; each is ended by its public id.
    """

    actions = None
    list_display = ["public_id", "reader", "agent", "address", "made", "seen", "expire_date", "end"]
    list_display_links = None
    list_select_related = ["reader"]
    search_fields = ["reader__username"]
    ordering = ["-seen"]

    def get_urls(self) -> list[Any]:
        """Only the list, and what ends a session."""
        view = self.admin_site.admin_view(self.end_session)
        lists = [found for found in super().get_urls() if found.name == "accounts_session_changelist"]
        return [*lists, path("<str:public_id>/end/", view, name="accounts_session_end")]

    @admin.display(description="")
    def end(self, session: Session) -> str:
        """Return the button that ends a session; it sends the form that the whole list stands in."""
        where = reverse("admin:accounts_session_end", args=[session.public_id])
        return format_html('<button type="submit" formaction="{}">End</button>', where)

    def end_session(self, request: HttpRequest, public_id: str) -> HttpResponse:
        """End a session."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        session = get_object_or_404(Session, public_id=public_id[:24])
        about = ContentType.objects.get_for_model(Session).pk
        LogEntry.objects.create(
            user_id=int(request.user.pk or 0),
            content_type_id=about,
            object_id=public_id,
            object_repr=public_id,
            action_flag=DELETION,
        )
        session.delete()
        return HttpResponseRedirect(reverse("admin:accounts_session_changelist"))


@admin.register(ApiToken)
class ApiTokenAdmin(Revoked):
    """Tokens, to be revoked. Neither the token nor its digest is shown."""

    list_display = ["start", "reader", "name", "scope", "made", "used", "expires"]
    list_select_related = ["reader"]
    search_fields = ["reader__username", "name"]
    fields = ["start", "reader", "name", "scope", "made", "used", "expires"]


@admin.register(OneTimeLink)
class OneTimeLinkAdmin(Revoked):
    """Mailed links and invitations, to be withdrawn. The digest is not shown."""

    list_display = ["kind", "email", "reader", "made", "expires", "used"]
    list_select_related = ["reader"]
    list_filter = ["kind"]
    search_fields = ["reader__username", "email"]
    fields = ["kind", "email", "reader", "made", "expires", "used"]


@admin.register(Bucket)
class BucketAdmin(Revoked):
    """Buckets of the rate limits; deleting one fills it."""

    list_display = ["key", "tokens", "filled"]
    search_fields = ["key"]
    fields = ["key", "tokens", "filled"]


class MembershipInline(admin.TabularInline):  # type: ignore[type-arg]  # as above
    """Who is in an organisation."""

    model = Membership
    fields = ["reader", "owner"]
    raw_id_fields = ["reader"]
    extra = 0


@admin.register(Organization)
class OrganizationAdmin(Guarded):
    """Organisations and their members; ``verified`` says that somebody looked."""

    list_display = ["slug", "name", "verified", "made"]
    list_filter = ["verified"]
    search_fields = ["slug", "name"]
    fields = ["slug", "name", "about", "website", "verified"]
    inlines = [MembershipInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Organisations are founded on the site, by a reader who then owns them."""
        return False
