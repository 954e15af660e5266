"""Nothing: an installation has no SciPy, which comes with a tool of the tests, and numba loads it wherever it can."""

raise ModuleNotFoundError("No module named 'scipy'", name="scipy")
