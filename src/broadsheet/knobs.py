"""How a BROADSHEET_* variable is read: text, number, yes or no, list of words. Which there are is in ``settings``."""

import os
from pathlib import Path
from typing import NamedTuple

import platformdirs
from django.core.exceptions import ImproperlyConfigured


class Knob(NamedTuple):
    """One operator setting: its variable, its default as text, and what it does."""

    name: str
    default: str
    help: str


KNOBS: list[Knob] = []


def knob(name: str, default: str, help_text: str) -> str:
    """Read one BROADSHEET_* variable and remember it for the documentation."""
    KNOBS.append(Knob(f"BROADSHEET_{name}", default, help_text))
    return os.environ.get(f"BROADSHEET_{name}", default)


def home(said: str) -> Path:
    """Return the state directory that BROADSHEET_HOME says; where that is empty, the user's data directory."""
    return Path(said or platformdirs.user_data_dir("broadsheet", appauthor=False)).expanduser().absolute()


def number(name: str, default: int, help_text: str, *, least: int = 0, most: int = 1_000_000) -> int:
    """Read a whole number within bounds, with an error that names the variable and what it takes."""
    text = knob(name, str(default), help_text)
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise ImproperlyConfigured(
            f"BROADSHEET_{name} is {text!r}; it takes a whole number from {least} to {most}, such as {default}."
        )
    return value


def switch(name: str, help_text: str, *, default: bool = False) -> bool:
    """Read a yes or no, with an error that names the variable and what it takes."""
    text = knob(name, "yes" if default else "no", help_text).strip().lower()
    if text in {"1", "yes", "true", "on"}:
        return True
    if text in {"", "0", "no", "false", "off"}:
        return False
    raise ImproperlyConfigured(f"BROADSHEET_{name} is {text!r}; it takes yes or no.")


def words(name: str, default: str, help_text: str) -> list[str]:
    """Read a list of words parted by spaces or commas."""
    return knob(name, default, help_text).replace(",", " ").split()
