"""Receives OpenLineage events and turns them into facts."""
