"""What users write above and inside their functions."""

from importlib import import_module

# Whoever decorates has neighbours to be met. The package lies above this one, whose
# modules it uses, and is named here rather than imported.
import_module("lineage.integrations").watch_imports()
