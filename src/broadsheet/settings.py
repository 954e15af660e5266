"""Every setting. What an operator turns is a BROADSHEET_* variable, named here and nowhere else.

A test holds ``docs/configuration.md`` against the ``knob`` calls below. How one is read lives in ``knobs``.
"""

import os
import re
import secrets
import zoneinfo
from importlib.util import find_spec
from typing import Any
from urllib.parse import unquote, urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

from broadsheet.accounts import providers
from broadsheet.knobs import home, knob, number, switch, words
from broadsheet.source_settings import *  # noqa: F403 - settings are names of this module, wherever they are written

# --- Where things are ---------------------------------------------------------------------------------------------

HOME = home(
    knob("HOME", "", "The one directory of all state: database, index, models. Default: the user's data directory.")
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
                    "PRAGMA mmap_size=2147418112; PRAGMA temp_store=MEMORY;"
                    # Pages that are written into the database in one go, which a writer waits for. A day of papers has
                    # 2,500; one table of the log's index holds 4,062, and more would take readers longer to look up.
                    "PRAGMA wal_autocheckpoint=4000;"
                ),
            },
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Search -------------------------------------------------------------------------------------------------------

MODEL = knob(
    "MODEL",
    "all-MiniLM-L6-v2",
    "Embedding model that a new installation begins with, changed by `broadsheet model use`; 'none' is words alone.",
)
EMBED_TOKENS = number("EMBED_TOKENS", 256, "Tokens of title and abstract that the model reads.", least=16, most=512)
UPGRADE_SHARE = (
    number(
        "UPGRADE_PERCENT",
        100,
        "Share of time in which the model reads papers in the background, in per cent; 0: not at all.",
        most=100,
    )
    / 100
)
DENSE_WEIGHT = (
    number("DENSE_WEIGHT_PERCENT", 60, "Share of meaning in the fused score of search, in per cent.", most=100) / 100
)

SEARCH_URL = knob(
    "SEARCH_URL", "", "Qdrant server or cluster for search, such as http://10.0.0.5:6333; empty: files of this machine."
)
if SEARCH_URL and not SEARCH_URL.startswith(("http://", "https://")):
    raise ImproperlyConfigured(
        f"BROADSHEET_SEARCH_URL is {SEARCH_URL!r}; it takes the address of a Qdrant server, such as "
        "http://10.0.0.5:6333, or nothing."
    )
if SEARCH_URL and find_spec("qdrant_client") is None:
    raise ImproperlyConfigured("BROADSHEET_SEARCH_URL needs the server's client: pip install 'broadsheet[cluster]'.")
SEARCH_KEY = knob("SEARCH_KEY", "", "Key of that server, which may read and write.")
SEARCH_PREFIX = knob("SEARCH_PREFIX", "broadsheet", "Beginning of the names of this site's collections there.")
if not re.fullmatch(r"[A-Za-z0-9_-]{1,60}", SEARCH_PREFIX):
    raise ImproperlyConfigured(
        f"BROADSHEET_SEARCH_PREFIX is {SEARCH_PREFIX!r}; it takes 1 to 60 letters, digits, - and _."
    )
SEARCH_SHARDS = number("SEARCH_SHARDS", 0, "Parts the papers are spread over there; 0: one a machine.", most=1000)
SEARCH_REPLICAS = number("SEARCH_REPLICAS", 1, "Copies of each part, each on another machine.", least=1, most=20)

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
    "Pages that one address may ask for in five minutes, a quarter of them searches or mail previews; 0 for no limit.",
)
ACT_RATE = number(
    "ACT_RATE",
    600,
    "Changes (votes, comments, forms, API writes) that one subnet may make in five minutes; 0 for no limit.",
)
ALLOWED_HOSTS = words("HOSTS", "localhost 127.0.0.1 [::1]", "Host names that the server answers to.")
PUBLIC_URL = knob(
    "PUBLIC_URL", "", "Address of the site as readers see it, for links in answers; default: that of the request."
)
DEBUG = switch("DEBUG", "Show Django's own error pages. Never on a machine that others reach.")
SECURE_PROXY = switch("BEHIND_PROXY", "Trust X-Forwarded-Proto and X-Forwarded-For of the proxy in front.")
if SECURE_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")


# --- Readers ------------------------------------------------------------------------------------------------------

MODE = knob(
    "MODE",
    "",
    "single (one reader, no sign-in), closed (by invitation) or open (anyone may sign up). "
    "Default: single where only this machine reaches the site, else closed.",
)
if MODE not in {"", "single", "closed", "open"}:
    raise ImproperlyConfigured(f"BROADSHEET_MODE is {MODE!r}; it takes single, closed or open.")
SESSION_DAYS = number("SESSION_DAYS", 30, "Days after which a browser that was not used is signed out.", least=1)
SUBMIT_DAYS = number("SUBMIT_DAYS", 14, "Days after its first version in which a paper can be submitted; 0 for any.")
SUBMIT_WEEKENDS = switch("SUBMIT_WEEKENDS", "Whether papers can be submitted on Saturdays and Sundays.")
SUBMIT_PER_DAY = number("SUBMIT_PER_DAY", 5, "Papers one reader can submit in a day.", least=1)
COMMENTS_PER_HOUR = number("COMMENTS_PER_HOUR", 30, "Comments one reader can write in an hour.", least=1)
NEW_DAYS = number(
    "NEW_DAYS", 3, "Days for which an account is new in open mode: a tenth of the limits, votes wait for the quorum."
)
QUORUM = number("QUORUM", 2, "Votes of accounts that are not new which a paper needs before those of new ones trend.")
SIGN_UPS_PER_DAY = number("SIGN_UPS_PER_DAY", 10, "Accounts that one subnet can make in a day.", least=1)
SIGN_UP_WORK = number(
    "SIGN_UP_WORK", 0, "Bits of work a browser must do to sign up, 18 for about a second; 0: none.", most=26
)
MAIL = knob(
    "MAIL",
    "",
    "Where mail goes: smtp://user:secret@host:587 (STARTTLS), smtps://host:465, smtp+plain://host:25 or console:. "
    "Default: files in HOME/mail.",
)
MAIL_FROM = knob("MAIL_FROM", "broadsheet@localhost", "Sender of the mail.")
BOUNCE_ADDRESS = knob(
    "BOUNCE_ADDRESS", "", "Address that mail servers send undelivered digests back to. Default: that of MAIL_FROM."
)
BOUNCES = knob(
    "BOUNCES",
    "",
    "Mailbox where bounces and complaints arrive: imaps://user:secret@host/INBOX, pop3s://user:secret@host, "
    "maildir:/path or mbox:/path.",
)
BOUNCE_KEY = knob("BOUNCE_KEY", "", "Secret with which a mail service reports bounces by POST; empty: it cannot.")
MAIL_CONNECTIONS = number(
    "MAIL_CONNECTIONS", 1, "Connections to the mail server that digests are sent over at once.", least=1, most=32
)
MAIL_PER_MINUTE = number("MAIL_PER_MINUTE", 0, "Digests sent in a minute at most; 0 for no limit.")
MAIL_PER_DOMAIN = number(
    "MAIL_PER_DOMAIN", 0, "Digests sent in a minute to addresses of one domain at most; 0 for no limit."
)

# --- Digests ------------------------------------------------------------------------------------------------------

SEND_DIGESTS = switch("SEND_DIGESTS", "Whether the server sends the digests that are due.", default=True)
DIGEST_WAIT = number(
    "DIGEST_WAIT_HOURS",
    3,
    "Hours that a digest waits for late papers before it goes and says that it is early.",
    most=24,
)
SUBSCRIPTIONS_PER_DAY = number(
    "SUBSCRIPTIONS_PER_DAY", 20, "Subscriptions that one subnet can ask for in a day without an account.", least=1
)

SIGN_IN_WITH = words(
    "SIGN_IN_WITH",
    "",
    "Accounts elsewhere that open one here: orcid, github, huggingface, oidc. Needs broadsheet[oauth].",
)
PROVIDERS = {
    word: {
        "name": title,
        "url": knob(f"{word.upper()}_URL", home, f"Address of {title}."),
        "id": knob(f"{word.upper()}_ID", "", f"Client id that {title} gave this site."),
        "secret": knob(f"{word.upper()}_SECRET", "", f"Client secret that {title} gave this site."),
    }
    for word, (title, home) in providers.KNOWN.items()
}
PROVIDERS["oidc"]["name"] = knob("OIDC_NAME", "OpenID Connect", "Name of the OpenID Connect provider on buttons.")


def _mailer(address: str) -> dict[str, Any]:
    """Return Django's description of where mail goes."""
    parts = urlsplit(address)
    if not address:
        return {
            "BACKEND": "broadsheet.accounts.mail_files.EmailBackend",
            "OPTIONS": {"file_path": str(HOME / "mail")},
        }
    if parts.scheme == "console":
        return {"BACKEND": "django.core.mail.backends.console.EmailBackend"}
    if parts.scheme not in {"smtp", "smtps", "smtp+plain"} or not parts.hostname:
        raise ImproperlyConfigured(
            f"BROADSHEET_MAIL begins with {parts.scheme!r}; it takes smtp://user:secret@host:587, smtps://, "
            "smtp+plain:// or console:."
        )
    return {
        "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "OPTIONS": {
            "host": parts.hostname,
            "port": parts.port or {"smtp": 587, "smtps": 465, "smtp+plain": 25}[parts.scheme],
            "username": unquote(parts.username or ""),
            "password": unquote(parts.password or ""),
            "use_tls": parts.scheme == "smtp",
            "use_ssl": parts.scheme == "smtps",
            "timeout": 20,
        },
    }


MAILERS = {"default": _mailer(MAIL)}
DEFAULT_FROM_EMAIL = MAIL_FROM
MAIL_AT_ONCE = False  # a thread carries mail, so that the time of an answer tells nothing; the suite wants it at once


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
    "broadsheet.accounts.administration.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "broadsheet.accounts",
    "broadsheet.work",
    "broadsheet.papers",
    "broadsheet.ledger",
    "broadsheet.search",
    "broadsheet.community",
    "broadsheet.ranking",
    "broadsheet.enrich",
    "broadsheet.bench",
    "broadsheet.mail",
    "broadsheet.feeds",
    "broadsheet.web",
]
AUTH_USER_MODEL = "accounts.User"

MIDDLEWARE = [
    "broadsheet.web.middleware.security_headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "broadsheet.web.middleware.rate_limits",
    "broadsheet.web.middleware.Compressed",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "broadsheet.web.middleware.one_reader",
    "broadsheet.web.middleware.act_limits",
    "django.contrib.messages.middleware.MessageMiddleware",
    "broadsheet.web.middleware.DomainErrors",
]
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
if SIGN_IN_WITH:
    # The conversation with a provider is allauth's; who may come in, and every page, is ours: see web/providers.
    INSTALLED_APPS = providers.APPS + INSTALLED_APPS
    MIDDLEWARE.insert(-1, providers.MIDDLEWARE)
    SOCIALACCOUNT_ADAPTER = "broadsheet.web.providers.Adapter"
    SOCIALACCOUNT_PROVIDERS = providers.described(SIGN_IN_WITH, PROVIDERS)
    SOCIALACCOUNT_QUERY_EMAIL = True
    SOCIALACCOUNT_REQUESTS_TIMEOUT = 10
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    # Twenty thousand passwords known from breaches, shipped with Django.
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name", "email")},
    },
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "newest"
SESSION_ENGINE = "broadsheet.accounts.sessions"
SESSION_COOKIE_AGE = SESSION_DAYS * 86400
SESSION_COOKIE_NAME = "broadsheet_session"
CSRF_COOKIE_NAME = "broadsheet_csrf"
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "broadsheet.web.views.errors.csrf_failure"
# Browsers keep a secure cookie from a site without https, so this follows the address that readers use.
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
ROOT_URLCONF = "broadsheet.urls"
WSGI_APPLICATION = "broadsheet.wsgi.application"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "broadsheet.web.context.site",
            ]
        },
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
    },
    # Full texts that may not be kept, for the minutes in which they are passed on: large ones, so few of them.
    "texts": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "LOCATION": "texts",
        "OPTIONS": {"MAX_ENTRIES": 20},
    },
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
    # The client of the network tells whole addresses, in which the key to a place may stand.
    "loggers": {"django.request": {"level": "ERROR"}, "httpx2": {"level": "WARNING"}},
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}
