"""Postings: segments of which papers hold a word, made, merged and asked. The door to them: ``words``."""
