"""How Sphinx builds the documentation."""

import re
from pathlib import Path

project = "Broadsheet"
author = "The Broadsheet authors"
copyright = "the Broadsheet authors"
release = re.findall(r'__version__ = "(.+)"', (Path(__file__).parents[1] / "src/broadsheet/__init__.py").read_text())[0]

extensions = ["myst_parser"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = f"Broadsheet {release}"
