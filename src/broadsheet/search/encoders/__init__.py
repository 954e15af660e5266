"""Models that make vectors of texts: their files, how they are run, the static student. Kept vectors: ``meaning``."""
