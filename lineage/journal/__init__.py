"""Keeps facts on disk until they are delivered."""
