"""Run as a script on a state directory: makes readers, each with a signed-in session, and prints them as JSON.

Signing in 200 times over HTTP would measure Argon2, which is slow on purpose, and not what readers do after it.
"""

import json
import sys
from datetime import timedelta

import django

django.setup()

from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: E402
from django.utils import timezone  # noqa: E402

from broadsheet.accounts.models import User  # noqa: E402
from broadsheet.accounts.sessions import SessionStore  # noqa: E402


def main(number: int) -> None:
    made = []
    long_ago = timezone.now() - timedelta(days=60)
    for place in range(number):
        user = User.objects.create(username=f"load-{place}", email_verified=True, email=f"load-{place}@example.org")
        User.objects.filter(pk=user.pk).update(date_joined=long_ago)
        session = SessionStore()
        session[SESSION_KEY] = str(user.pk)
        session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
        session[HASH_SESSION_KEY] = user.get_session_auth_hash()
        session.create()
        made.append({"name": user.username, "session": session.session_key})
    print(json.dumps(made))


main(int(sys.argv[1]))
