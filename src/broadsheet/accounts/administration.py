"""The site of Django's admin: for administrators alone, who sign in on the site's own page.

What it shows lives in each room's ``admin``. Django reads this module before it knows the tables.
"""

from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.apps import AdminConfig
from django.contrib.admin.sites import AdminSite
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from broadsheet.errors import Refused, SignInNeeded


class Administration(AdminSite):
    """Django's admin without its own sign-in."""

    site_header = site_title = "Broadsheet"
    index_title = "Administration"

    def has_permission(self, request: HttpRequest) -> bool:
        """Whether the visitor is an administrator who may act."""
        from broadsheet.accounts import readers

        try:
            return readers.admin(request.user).is_active
        except (Refused, SignInNeeded):
            return False

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead visitors to the site's sign-in, and refuse readers who are no administrators."""
        from broadsheet.accounts import readers

        if request.user.is_authenticated and not self.has_permission(request):
            readers.admin(request.user)
        target = request.GET.get("next", "") or reverse("admin:index")
        if self.has_permission(request):
            return HttpResponseRedirect(reverse("admin:index"))
        return HttpResponseRedirect(f"{reverse('sign-in')}?{urlencode({'next': target})}")

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Lead to the site's own page for passwords."""
        return HttpResponseRedirect(reverse("settings-account"))


class AdministrationConfig(AdminConfig):
    """Registers the admin with Django."""

    default_site = "broadsheet.accounts.administration.Administration"
