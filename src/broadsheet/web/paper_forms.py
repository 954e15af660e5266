"""The forms of submitting, claiming, links and organisations: fields and labels. The rules live in the verbs."""

from collections.abc import Iterable
from typing import Any

from django import forms

from broadsheet.accounts.models import Organization
from broadsheet.papers.models import Paper
from broadsheet.web.forms import Form, Line


class Submit(Form):
    """A paper for the edition of the day."""

    paperId = forms.CharField(  # noqa: N815  # the name that addresses of the original site carry
        label="arXiv id or address",
        max_length=300,
        help_text="Such as 2305.12102 or https://arxiv.org/abs/2305.12102.",
        widget=forms.TextInput({"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    comment = forms.CharField(
        label="First comment",
        required=False,
        max_length=65_536,
        help_text="Why should others read it? May be left empty. Markdown.",
        widget=forms.Textarea({"rows": 5}),
    )


class ClaimForm(Form):
    """Which author a reader is."""

    author = forms.ChoiceField(label="I am")
    note = forms.CharField(
        required=False,
        max_length=500,
        label="For the moderator who looks",
        help_text="Where can one see that it is you? A page of your university that names your address here does well.",
        widget=forms.Textarea({"rows": 3}),
    )

    def __init__(self, *args: Any, authors: Iterable[str], **more: Any) -> None:
        super().__init__(*args, **more)
        field = self.fields["author"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [(name, name) for name in dict.fromkeys(authors)]


class Links(Form):
    """A paper's code, project page and organisation."""

    code = forms.CharField(
        label="Code", required=False, max_length=300, widget=forms.URLInput({"placeholder": "https://"})
    )
    project = forms.CharField(
        label="Project page", required=False, max_length=300, widget=forms.URLInput({"placeholder": "https://"})
    )
    organization = forms.ChoiceField(label="Organisation", required=False)

    def __init__(self, asked: Any, *, paper: Paper, known: Iterable[Organization], free: bool) -> None:
        """Make the form.

        asked: what was sent, or None. known: the reader's own organisations. free: any may be named, for moderators.
        """
        kept = {"code": paper.code_url, "project": paper.project_url, "organization": paper.organization_slug}
        super().__init__(asked, initial=kept)
        if free:
            self.fields["organization"] = forms.CharField(
                label="Organisation", required=False, max_length=39, help_text="Its short name."
            )
            return
        field = self.fields["organization"]
        assert isinstance(field, forms.ChoiceField)
        slugs = {paper.organization_slug: paper.organization} | {one.slug: one.name for one in known}
        field.choices = [("", "None"), *((slug, name) for slug, name in slugs.items() if slug)]
        field.help_text = "One that you are a member of."

    def changes(self) -> dict[str, str]:
        """Return the fields that were changed."""
        return {name: self.cleaned_data[name] for name in self.changed_data}


class Found(Form):
    """A new organisation."""

    name = Line(label="Name", max_length=120)
    slug = forms.CharField(
        label="Short name",
        max_length=39,
        help_text="Stands in addresses: small letters, digits and hyphens.",
        widget=forms.TextInput({"autocapitalize": "none", "spellcheck": "false"}),
    )


class Describe(Form):
    """What others see of an organisation."""

    name = Line(label="Name", max_length=120)
    about = Line(max_length=500, required=False, widget=forms.Textarea({"rows": 3}))
    website = forms.CharField(max_length=200, required=False, widget=forms.URLInput({"placeholder": "https://"}))
