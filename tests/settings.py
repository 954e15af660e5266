"""The product's settings on a state directory of the suite's own; fixed here because Django reads them first."""

import atexit
import os
import tempfile

_HOME = tempfile.TemporaryDirectory(prefix="broadsheet-tests-")
atexit.register(_HOME.cleanup)
os.environ["BROADSHEET_HOME"] = _HOME.name
os.environ["BROADSHEET_OFFLINE"] = "yes"

from broadsheet.settings import *  # noqa: E402, F403
