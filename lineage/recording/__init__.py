"""Recording: keeps facts on the way from the call to the instance."""
