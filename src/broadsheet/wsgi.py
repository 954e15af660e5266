"""The site for any WSGI server, and for the workers of ``broadsheet serve``, which end when their parent does."""

import multiprocessing
import os
import threading

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "broadsheet.settings")
application = get_wsgi_application()
if not settings.MODE:  # another server than our own: nobody knows who reaches it
    settings.MODE = "closed"


def _end_with_parent() -> None:
    """End this worker when the process that started it is gone, however it went.

    A worker left behind would keep the port, and has nobody to ask for the index.
    """
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
