"""The numbered steps that make a store's tables, oldest first."""
