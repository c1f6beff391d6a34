"""Resources that a task requests of a Kubernetes agent."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class KubernetesSettings(BaseModel):
    """Requests and limits of a task's container; what is left out is not sent."""

    model_config = ConfigDict(
        defer_build=True,
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
    )

    use_health_check: bool | None = None
    request_cpus: int | None = None
    limit_cpus: int | None = None
    limit_memory_gb: int | None = None
    limit_shm_gb: int | None = None
    limit_storage_gb: int | None = None
    limit_gpus: int | None = None
    limit_gpu_memory_mb: int | None = None
    limit_gpu_cores_perc: int | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what was set, under the names of the wire."""
        return self.model_dump(by_alias=True, exclude_none=True)
