"""Loaded once by the helper from which the makers of parts are forked: what each of them would load else, in 0.7 s.

It opens nothing: no database, no index, and no threads, which a fork would lose.
"""

import gc
import os

import django

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy would begin some, to do sums that nobody does here
django.setup()

from broadsheet.papers import models  # noqa: E402, F401
from broadsheet.search import edge_parts, upkeep  # noqa: E402, F401

gc.freeze()  # what is here is everybody's, and looking through it would copy it for each
