"""How papers and queries become terms: fields, cut words, what counts how much. Looking them up: ``postings``."""
