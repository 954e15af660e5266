"""What comes first: pure formulas in ``scores``, lists of papers made with them in ``lists``. Owns no table."""
