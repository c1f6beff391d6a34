"""Writes a part of the graph as documents that other tools and people can read."""
