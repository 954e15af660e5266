"""What administrators see of papers in Django's admin: everything, and whether a paper is withdrawn can be set."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from broadsheet.papers.actions import mark_withdrawn
from broadsheet.papers.models import Paper, Run


@admin.register(Paper)
class PaperAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # cannot be subscripted at run time
    """Papers. Their text comes from the sources alone."""

    list_display = ["key", "title", "day", "all_votes", "withdrawn", "source"]
    list_per_page = 50
    show_full_result_count = False
    search_fields = ["key__istartswith"]
    search_help_text = "Beginning of an id; titles are searched on the site itself."
    ordering = ["-pk"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Return every field but the one that can be set."""
        return [field.name for field in Paper._meta.concrete_fields if field.name not in ("id", "withdrawn")]

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """Return the field that can be set, then the others."""
        return ["withdrawn", *self.get_readonly_fields(request, obj)]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Papers come from the sources."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Papers stay, as discussions and lists hang on them."""
        return False

    def save_model(self, request: HttpRequest, obj: Paper, form: Any, change: bool) -> None:
        """Write the one field, by the room's verb."""
        mark_withdrawn(obj, obj.withdrawn)


@admin.register(Run)
class RunAdmin(admin.ModelAdmin):  # type: ignore[type-arg]  # as above
    """Runs of taking in, to be read."""

    list_display = ["source", "started", "finished", "added", "updated", "rejected"]
    list_per_page = 50

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Runs come by taking in."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Runs tell what was."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Runs tell what was."""
        return False
