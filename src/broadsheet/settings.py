"""Every setting. What an operator turns is a BROADSHEET_* variable, read here and nowhere else.

A test holds ``docs/configuration.md`` against the ``knob`` calls below. Nothing else reads the environment.
"""

import os
import re
import secrets
import zoneinfo
from pathlib import Path
from typing import Any, NamedTuple

import dj_database_url
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


# --- Where things are ---------------------------------------------------------------------------------------------

HOME = (
    Path(
        knob("HOME", "", "The one directory of all state: database, index, models. Default: the user's data directory.")
        or platformdirs.user_data_dir("broadsheet", appauthor=False)
    )
    .expanduser()
    .absolute()
)
INDEX_DIR = HOME / "index"
MODELS_DIR = HOME / "models"

DATABASE_URL = knob(
    "DATABASE", "", "Database address, such as postgres://user:secret@host/name. Default: SQLite in HOME."
)
DATABASES: dict[str, Any]
if DATABASE_URL:
    try:
        DATABASES = {"default": dj_database_url.parse(DATABASE_URL, conn_max_age=600, conn_health_checks=True)}
    except ValueError as error:
        raise ImproperlyConfigured(
            f"BROADSHEET_DATABASE cannot be read: {error} It takes an address like postgres://user:secret@host/name."
        ) from None
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": HOME / "broadsheet.sqlite3",
            "CONN_MAX_AGE": None,
            "OPTIONS": {
                "timeout": 30,
                # Writers take the lock when they begin, so that two writers wait for each other instead of failing.
                "transaction_mode": "IMMEDIATE",
                "init_command": (
                    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-64000;"
                    "PRAGMA mmap_size=268435456; PRAGMA temp_store=MEMORY;"
                ),
            },
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- What is taken in ---------------------------------------------------------------------------------------------

CATEGORIES = words(
    "CATEGORIES",
    "cs.AI cs.CL cs.CV cs.LG stat.ML",
    "arXiv categories taken in each day, parted by spaces or commas.",
)
for _category in CATEGORIES:
    if not re.fullmatch(r"[a-z-]+(\.[A-Za-z-]+)?", _category):
        raise ImproperlyConfigured(f"BROADSHEET_CATEGORIES holds {_category!r}; categories look like cs.LG or hep-th.")
CONTACT = knob("CONTACT", "", "Mail address or URL of the operator, told to the sources in the agent string.")
if not (CONTACT.isascii() and (CONTACT.isprintable() or not CONTACT)):
    raise ImproperlyConfigured(f"BROADSHEET_CONTACT is {CONTACT!r}; it takes plain ASCII, as it is sent in a header.")
ARXIV_API = knob(
    "ARXIV_API", "https://export.arxiv.org/api/query", "Address of the arXiv API (for a mirror or a test)."
)
OFFLINE = switch("OFFLINE", "Never ask the network for papers.")
ARXIV_DELAY = number(
    "ARXIV_DELAY_SECONDS", 3, "Least time between two requests to arXiv, over all threads and processes."
)

# --- Search -------------------------------------------------------------------------------------------------------

MODEL = knob("MODEL", "all-MiniLM-L6-v2", "Embedding model for search by meaning; 'none' searches by words alone.")
EMBED_TOKENS = number("EMBED_TOKENS", 256, "Tokens of title and abstract that the model reads.", least=16, most=512)
DENSE_WEIGHT = (
    number("DENSE_WEIGHT_PERCENT", 50, "Share of meaning in the fused score of search, in per cent.", most=100) / 100
)

# --- Pages and API ------------------------------------------------------------------------------------------------

PAGE_SIZE = number("PAGE_SIZE", 25, "Papers on one page of a list.", least=1, most=200)
TIME_ZONE = knob("TIME_ZONE", "UTC", "Time zone of the pages, such as Europe/Berlin.")
try:
    zoneinfo.ZoneInfo(TIME_ZONE)
except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
    raise ImproperlyConfigured(f"BROADSHEET_TIME_ZONE is {TIME_ZONE!r}; zones look like Europe/Berlin.") from None
API_RATE = number("API_RATE", 500, "API requests that one address may make in five minutes; 0 for no limit.")
PAGE_RATE = number(
    "PAGE_RATE",
    1000,
    "Pages that one address may ask for in five minutes, a quarter of them searches; 0 for no limit.",
)
ALLOWED_HOSTS = words("HOSTS", "localhost 127.0.0.1 [::1]", "Host names that the server answers to.")
PUBLIC_URL = knob(
    "PUBLIC_URL", "", "Address of the site as readers see it, for links in answers; default: that of the request."
)
DEBUG = switch("DEBUG", "Show Django's own error pages. Never on a machine that others reach.")
SECURE_PROXY = switch("BEHIND_PROXY", "Trust X-Forwarded-Proto and X-Forwarded-For of the proxy in front.")
if SECURE_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


def _secret_key() -> str:
    """Return the key from the environment, or the one kept in HOME (made at first use, readable by its owner alone)."""
    given = knob("SECRET_KEY", "", "Key for signatures. Default: one made at first start and kept in HOME.")
    if given:
        return given
    path = HOME / "secret-key"
    try:
        HOME.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
            new.write(secrets.token_urlsafe(48))
    except FileExistsError:
        pass
    except OSError:
        return secrets.token_urlsafe(48)  # HOME cannot be written: commands such as --help still work
    return path.read_text() or secrets.token_urlsafe(48)


SECRET_KEY = _secret_key()

# --- Django itself ------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.staticfiles",
    "broadsheet.accounts",
    "broadsheet.papers",
    "broadsheet.search",
    "broadsheet.web",
]
AUTH_USER_MODEL = "accounts.User"

MIDDLEWARE = [
    "broadsheet.web.middleware.security_headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "broadsheet.web.middleware.rate_limits",
    "django.middleware.common.CommonMiddleware",
    "broadsheet.web.middleware.DomainErrors",
]
ROOT_URLCONF = "broadsheet.urls"
WSGI_APPLICATION = "broadsheet.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["broadsheet.web.context.site"]},
    }
]
# Numbers and dates are printed plainly; localising each of them costs a quarter of a page's time.
USE_I18N = False
USE_TZ = True

STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True  # straight from the package: nothing has to be collected
WHITENOISE_MAX_AGE = 600  # the names carry no hash, and an upgrade should show soon

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 500},
        "TIMEOUT": 3600,
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True

LOG_LEVEL = knob("LOG_LEVEL", "WARNING", "Least level of what is logged: DEBUG to ERROR.").upper()
if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"}:
    raise ImproperlyConfigured(f"BROADSHEET_LOG_LEVEL is {LOG_LEVEL!r}; it takes DEBUG, INFO, WARNING or ERROR.")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # What a visitor mistypes is no news for an operator.
    "loggers": {"django.request": {"level": "ERROR"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}
