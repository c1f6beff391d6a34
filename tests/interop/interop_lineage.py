"""The names of lineage that the calls use, as `supervisely` has them."""

from lineage.api import Api
from lineage.model.meta import WorkflowMeta, WorkflowSettings

__all__ = ["Api", "WorkflowMeta", "WorkflowSettings"]
