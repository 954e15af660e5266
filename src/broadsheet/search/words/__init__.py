"""The index of words: the engine and its postings behind one door, conditions and counts. Scores: ``postings``."""
