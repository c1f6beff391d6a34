"""Records which data an app used and produced."""
