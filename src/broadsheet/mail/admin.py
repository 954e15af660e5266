"""What administrators see of subscriptions in Django's admin, to read alone; their readers change them.

Links and the tokens of deliveries, which end and confirm things, are not shown.
"""

from django.contrib import admin

from broadsheet.accounts.admin import Revoked, Seen
from broadsheet.mail.models import Bounce, Choice, Delivery, Subscription, Suppression


@admin.register(Subscription)
class SubscriptionAdmin(Seen):
    """Who gets what and when. Addresses are seen by administrators, as those of readers are."""

    list_display = ["address", "kind", "value", "cadence", "state", "due", "made"]
    list_filter = ["state", "cadence", "kind"]
    search_fields = ["address", "reader__username"]
    ordering = ["-pk"]
    exclude = ["public_id"]


@admin.register(Delivery)
class DeliveryAdmin(Seen):
    """The ledger of what was sent."""

    list_display = ["subscription", "edition", "progress", "tries", "next_try", "sent", "answer"]
    list_filter = ["progress"]
    list_select_related = ["subscription"]
    search_fields = ["subscription__address", "edition"]
    ordering = ["-pk"]
    exclude = ["token"]


@admin.register(Choice)
class ChoiceAdmin(Seen):
    """What was chosen for all who share their preferences."""

    list_display = ["edition", "preferences", "early", "made"]
    search_fields = ["edition", "preferences"]
    ordering = ["-pk"]


@admin.register(Bounce)
class BounceAdmin(Seen):
    """What came back, and who complained."""

    list_display = ["subscription", "kind", "status", "text", "made"]
    list_filter = ["kind"]
    list_select_related = ["subscription"]
    search_fields = ["subscription__address", "status"]
    ordering = ["-pk"]


@admin.register(Suppression)
class SuppressionAdmin(Revoked):
    """Addresses that are never mailed, by their digests; a deleted row lets its address subscribe again."""

    list_display = ["reason", "since"]
    list_filter = ["reason"]
    ordering = ["-pk"]
