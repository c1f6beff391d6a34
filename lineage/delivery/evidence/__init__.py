"""Evidence: names and versions of what edges speak of, found in the background."""
