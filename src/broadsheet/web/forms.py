"""The forms of accounts: fields, labels and what each field takes. What they do is decided by the verbs."""

from collections.abc import Callable
from typing import Any

from django import forms

from broadsheet.accounts import actions, orcid, trap
from broadsheet.accounts.models import User
from broadsheet.errors import BadInput, BroadsheetError, Conflict

HELP = "At least 10 characters; a few words in a row do well."


class Form(forms.Form):
    """A form whose errors of the domain stand at the field they are about."""

    required_css_class = "needed"
    use_required_attribute = False  # errors are shown by the page, in words

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        for field in self.fields.values():
            field.error_messages["required"] = "This is needed."

    def does[T](self, act: Callable[[], T], field: str | None = None) -> T | None:
        """Return what a verb returns, None where it refused what was typed, which then stands at the field."""
        try:
            return act()
        except (BadInput, Conflict) as error:
            self.add_error(field, str(error))
            return None


class Password(forms.CharField):
    """A password. new: one that is being chosen."""

    def __init__(self, label: str = "Password", *, new: bool = False, **more: Any) -> None:
        attrs = {"autocomplete": "new-password" if new else "current-password"}
        help_text = HELP if new else ""
        widget = forms.PasswordInput(attrs)
        super().__init__(label=label, strip=False, max_length=200, widget=widget, help_text=help_text, **more)


class Email(forms.EmailField):
    """A mail address, in small letters."""

    def __init__(self, label: str = "E-mail", **more: Any) -> None:
        super().__init__(label=label, widget=forms.EmailInput({"autocomplete": "email"}), max_length=254, **more)

    def to_python(self, value: Any) -> str:
        """Return the address in small letters."""
        return str(super().to_python(value) or "").lower()


class Line(forms.CharField):
    """One line of text without characters that cannot be seen."""

    def to_python(self, value: Any) -> str:
        """Return the line as it is kept."""
        return actions.line(str(super().to_python(value) or ""))


class SignIn(Form):
    """Name or address, and password."""

    name = forms.CharField(
        label="Name or e-mail",
        max_length=254,
        widget=forms.TextInput({"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = Password()


class Address(Form):
    """Where a link is mailed to."""

    email = Email()


class SignUp(Form):
    """A new account, with the traps for programs."""

    username = forms.CharField(
        label="Name",
        max_length=39,
        help_text="Stands in addresses and mentions: small letters, digits and hyphens.",
        widget=forms.TextInput({"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    email = Email()
    password = Password(new=True)
    # Nobody sees this field; programs that fill in everything fill it in.
    homepage = forms.CharField(
        label="Leave this empty", required=False, widget=forms.TextInput({"autocomplete": "off", "tabindex": "-1"})
    )
    stamp = forms.CharField(required=False, max_length=200, widget=forms.HiddenInput)
    work = forms.CharField(required=False, max_length=20, widget=forms.HiddenInput)

    @property
    def fields_shown(self) -> list[forms.BoundField]:
        """The fields that people see."""
        return [self[name] for name in ("username", "email", "password")]

    @property
    def trapped(self) -> bool:
        """Whether a program filled in what nobody sees."""
        return bool(self.data.get("homepage"))

    def fresh_stamp(self) -> str:
        """Return a new stamp: each showing of the form gets its own."""
        return trap.stamp()

    def clean_username(self) -> str:
        """Check that the name can be had."""
        name = str(self.cleaned_data["username"]).strip().lower()
        self.does(lambda: actions.free_name(name), "username")
        return name

    def clean(self) -> None:
        """Check the password against the name and address, and then the traps."""
        given = self.cleaned_data
        if "password" in given:
            user = User(username=given.get("username", ""), email=given.get("email", ""))
            self.does(lambda: actions.good_password(given["password"], user), "password")
        self.does(lambda: trap.check(given.get("stamp", ""), given.get("work", "")))


class NewPassword(Form):
    """A new password, by a mailed link."""

    password = Password("New password", new=True)


class ChangePassword(Form):
    """A new password for who knows the present one."""

    old = Password("Present password", required=False)
    password = Password("New password", new=True)


class ChangeEmail(Form):
    """Another address."""

    email = Email("New e-mail")
    old = Password("Present password", required=False)


class Invite(Form):
    """An invitation."""

    email = Email("E-mail", required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["email"].help_text = "Leave it empty for a link that you hand over yourself."


class Profile(Form):
    """What others see of a reader."""

    name = Line(label="Shown name", max_length=80, required=False, widget=forms.TextInput({"autocomplete": "name"}))
    affiliation = Line(max_length=120, required=False, widget=forms.TextInput({"autocomplete": "organization"}))
    about = Line(max_length=500, required=False, widget=forms.Textarea({"rows": 3}))
    website = forms.URLField(max_length=200, required=False, assume_scheme="https")
    orcid = forms.CharField(label="ORCID iD", max_length=60, required=False)
    public_votes = forms.BooleanField(label="Show what I voted for, and whom I follow", required=False)

    def clean_website(self) -> str:
        """Take addresses of the web alone."""
        website = str(self.cleaned_data["website"])
        if website and not website.lower().startswith(("https://", "http://")):
            raise forms.ValidationError("A website begins with https:// or http://.")
        return website

    def clean_orcid(self) -> str:
        """Return the iD in its usual form."""
        try:
            return orcid.read(self.cleaned_data["orcid"])
        except BroadsheetError as error:
            raise forms.ValidationError(str(error)) from None


class Token(Form):
    """A token of the API."""

    name = Line(label="What it is for", max_length=60)
    scope = forms.ChoiceField(
        label="What it may", choices=[("read", "Read what I can read"), ("write", "Also vote, comment and the rest")]
    )
    days = forms.ChoiceField(
        label="Ends",
        required=False,
        choices=[("", "Never"), ("7", "In a week"), ("30", "In 30 days"), ("365", "In a year")],
    )
