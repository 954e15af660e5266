"""What comes first: pure formulas in ``scores``, lists of papers made with them in ``lists``, and when each paper came onto a list in ``entries``."""
