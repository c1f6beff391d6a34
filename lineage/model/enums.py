"""The words of the platform for states and kinds of tasks."""

from __future__ import annotations

from enum import Enum


class _StrEnum(Enum):
    """An enum whose `str()` gives the word on the wire."""

    def __str__(self) -> str:
        return str(self.value)

    @classmethod
    def has_value(cls, value: object) -> bool:
        """Whether a word is one of these."""
        return value in cls.values()

    @classmethod
    def values(cls) -> list[str]:
        """Return the words in order."""
        return [member.value for member in cls]


class Status(_StrEnum):
    """State of a task."""

    QUEUED = "queued"
    CONSUMED = "consumed"
    STARTED = "started"
    DEPLOYED = "deployed"
    ERROR = "error"
    FINISHED = "finished"
    TERMINATING = "terminating"
    STOPPED = "stopped"


class PluginTaskType(_StrEnum):
    """Kind of a plugin's task."""

    TRAIN = "train"
    INFERENCE = "inference"
    INFERENCE_RPC = "inference_rpc"
    SMART_TOOL = "smarttool"
    CUSTOM = "custom"


class RestartPolicy(_StrEnum):
    """When the platform starts a task again."""

    NEVER = "never"
    ON_ERROR = "on_error"
