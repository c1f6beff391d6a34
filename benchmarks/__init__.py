"""Benchmarks: every measured figure of the documentation comes from here."""
