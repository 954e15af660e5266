"""The forms of subscriptions: fields and labels. What each field takes is read by ``mail.preferences``."""

from typing import Any

from django import forms

from broadsheet.mail import preferences
from broadsheet.mail.models import Cadence
from broadsheet.mail.preferences import MOST_PAPERS, READERS, WEEKDAYS, Preferences
from broadsheet.web.forms import Email, Form

OFTEN = {
    Cadence.WEEKDAYS: "Monday to Friday",
    Cadence.DAILY: "Every day",
    Cadence.WEEKLY: "Once a week, on the day below",
    Cadence.SOMETHING: "When there is something new, once a day at most",
}


def _number(label: str, least: int, most: int, help_text: str = "") -> forms.CharField:
    widget = forms.NumberInput({"min": least, "max": most, "inputmode": "numeric"})
    return forms.CharField(label=label, required=False, max_length=10, widget=widget, help_text=help_text)


def _words(label: str, help_text: str, rows: int = 2) -> forms.CharField:
    widget = forms.Textarea({"rows": rows})
    return forms.CharField(label=label, required=False, max_length=4000, widget=widget, help_text=help_text)


class Subscription(Form):
    """How often and when mail comes, and which papers it holds."""

    cadence = forms.ChoiceField(label="How often", choices=[(value.value, words) for value, words in OFTEN.items()])
    weekday = forms.ChoiceField(
        label="Day, if once a week", required=False, choices=[(str(at), day) for at, day in enumerate(WEEKDAYS)]
    )
    hour = forms.ChoiceField(label="At", required=False, choices=[(str(hour), f"{hour}:00") for hour in range(24)])
    zone = forms.CharField(
        label="Time zone",
        required=False,
        max_length=64,
        help_text="Such as Europe/Berlin, or UTC.",
        widget=forms.TextInput({"list": "zones", "autocomplete": "off", "spellcheck": "false"}),
    )
    papers = _number("Papers in one mail, at most", 1, MOST_PAPERS)
    categories = forms.CharField(
        label="Only these categories", required=False, max_length=1000, help_text="Such as cs.LG stat; empty for all."
    )
    include = _words("Only with one of these words", "Words or phrases, one a line; empty for all papers.")
    exclude = _words("Without these words", "Words or phrases, one a line; a paper with one of them is left out.")
    authors = _words("Only by these authors", "Names as on the papers, one a line; empty for all.")
    least_votes = _number("Votes at least", 0, preferences.MOST_VOTES)

    def __init__(self, *args: Any, fresh: bool = False, **more: Any) -> None:
        """Make the form. fresh: for a new subscription, whose time zone the browser may fill in."""
        super().__init__(*args, **more)
        if fresh and not self.is_bound:
            self.fields["zone"].widget.attrs["data-guess"] = "zone"

    def clean(self) -> None:
        """Read each field as a subscription takes it, so that errors stand at the field."""
        for name, read in READERS.items():
            typed = str(self.cleaned_data.get(name) or "")
            if typed.strip() and name not in self.errors:
                self.does(lambda read=read, typed=typed: read(typed), name)  # type: ignore[misc]  # called at once

    @property
    def preferences(self) -> Preferences:
        """What a valid form holds."""
        return Preferences.read(self.cleaned_data)

    @property
    def when_fields(self) -> list[forms.BoundField]:
        """The fields on when mail comes."""
        return [self[name] for name in ("cadence", "weekday", "hour", "zone", "papers")]

    @property
    def which_fields(self) -> list[forms.BoundField]:
        """The fields on which papers it holds."""
        return [self[name] for name in ("categories", "include", "exclude", "authors", "least_votes")]

    @property
    def narrowed(self) -> bool:
        """Whether one of these says something, or has to be mended, so that they are shown at once."""
        return any(field.errors or str(field.value() or "0") != "0" for field in self.which_fields)

    @property
    def zones(self) -> tuple[str, ...]:
        """The time zones that can be chosen."""
        return preferences.zone_names()


class Subscribe(Subscription):
    """A new subscription, to an address."""

    email = Email("E-mail")

    @property
    def when_fields(self) -> list[forms.BoundField]:
        """The address, and the fields on when mail comes."""
        return [self["email"], *super().when_fields]
