"""Readers and how they sign in: accounts, sessions, tokens, one-time links, organisations and limits."""
