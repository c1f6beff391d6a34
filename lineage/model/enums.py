"""The words of the platform for states and kinds of tasks."""

from __future__ import annotations

from enum import Enum


class _StrEnum(Enum):
    """An enum whose `str()` gives the word on the wire."""

    def __str__(self) -> str:
        return str(self.value)

    def __eq__(self, other: object) -> bool:
        """Compare with the platform's SDK too, whose enums have the same names."""
        if not isinstance(other, Enum) or type(other).__name__ != type(self).__name__:
            return NotImplemented
        return bool(self.value == other.value)

    # Equal members have equal names, and the SDK's hash is that of the name, too.
    __hash__ = Enum.__hash__

    @classmethod
    def has_value(cls, value: object) -> bool:
        """Return whether a text is the value of one of the members.

        Args:
            value: The text, as `"finished"`.
        """
        return value in cls.values()

    @classmethod
    def values(cls) -> list[str]:
        """Return the values of all members, in their order."""
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
