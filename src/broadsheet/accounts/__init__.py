"""Readers and how they sign in. For now only the table of users, which every installation needs from its first day."""
