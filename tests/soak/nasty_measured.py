"""Run as a script on a state directory: prints the milliseconds of processor time that each nasty query takes.

`BROADSHEET_HOME=FOLDER DJANGO_SETTINGS_MODULE=broadsheet.settings PYTHONPATH=. python tests/soak/nasty_measured.py`,
with a part of names behind it where some will do. Of three askings the least; what the index and the model keep of
the last one is forgotten before each.
"""

import sys
import time

import django

django.setup()

from tests.soak.nasty_queries import NASTY  # noqa: E402

from broadsheet.search import asked, current, hybrid  # noqa: E402
from broadsheet.search.query import parse  # noqa: E402

searcher = current.searcher()
hybrid.search(parse("warm up the engine"), limit=25, tally=True)
for name, text in NASTY.items():
    if sys.argv[1:] and sys.argv[1] not in name:
        continue
    taken = []
    for _ in range(3):
        asked._kept.clear()
        searcher.lexicon._fulfilling = type(searcher.lexicon._fulfilling)(
            searcher.lexicon._searcher, searcher.lexicon._fulfilling.view
        )
        begun = time.process_time()
        found = hybrid.search(parse(text), limit=25, tally=True)
        taken.append(1000 * (time.process_time() - begun))
    told = f"{'about ' * found.tally.about}{found.tally.total:,} hold all of it, {len(found.hits)} shown"
    print(f"{min(taken):8.1f} ms  {name}: {told}", flush=True)
