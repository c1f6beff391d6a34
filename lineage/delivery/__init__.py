"""Sends facts from the journal to their target."""
