"""Programs for those who release lineage."""
