"""The list of everything that is compared: name, needs and environment."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from . import ours, peers
from .peers import Parts
from .shapes import SHAPES

#: Where this build's package and benchmarks lie.
ROOT: Final = Path(__file__).parent.parent

#: Variables that would change what is measured, by their beginnings.
_FOREIGN: Final = (
    "LINEAGE_", "SERVER_ADDRESS", "API_TOKEN", "SUPERVISELY_", "TASK_ID", "TEAM_ID",
    "ENV", "context.", "CONTEXT_", "OTEL_", "MLFLOW_", "OPENLINEAGE_",
)  # fmt: skip

SAME: Final = "same id"
NEW: Final = "new id"


def is_there(module: str) -> bool:
    """Whether a module can be imported here, without importing it."""
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # not even the package it would be in
        return False


@dataclass(frozen=True, slots=True)
class Subject:
    """One way to record a call, timed in a process of its own."""

    key: str
    title: str
    build: Callable[[Path], Parts]
    module: str = ""
    """The module that must be there, if any."""
    requirement: str = ""
    """What to install to have it."""
    environment: Mapping[str, str] = field(default_factory=dict, hash=False)
    """Variables of its process; `{stub}` is the address of its stub."""
    stub: tuple[float, bool] | None = None
    """Delay in milliseconds and whether batches are taken, if it needs a stub."""
    shapes: tuple[str, ...] = SHAPES
    ids: tuple[str, ...] = (NEW,)
    is_ours: bool = False
    root: Path = ROOT
    """The folder of the build that its process loads."""

    def of_build(self, root: Path) -> Subject:
        """Return the same subject of another build."""
        return replace(self, key=f"base:{self.key}", root=root)

    @property
    def name(self) -> str:
        """Its key in any build."""
        return self.key.removeprefix("base:")

    @property
    def missing(self) -> str | None:
        """The word to install it, if it is not there."""
        if not self.module or is_there(self.module):
            return None
        return f"skipped: pip install {self.requirement}"

    def environ(self, scratch: Path, stub_address: str | None) -> dict[str, str]:
        """Return the environment of its process: this one's, cleaned, and its own."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(_FOREIGN)}
        own = {k: v.format(stub=stub_address) for k, v in self.environment.items()}
        return {**kept, "LINEAGE_HOME": str(scratch / "lineage"), **own}


def _delivering(sync: str) -> dict[str, str]:
    return {
        "LINEAGE_TARGET": "{stub}",
        "LINEAGE_TOKEN": "token",
        "LINEAGE_JOURNAL_SYNC": sync,
        "LINEAGE_STRICT": "true",
        "SUPERVISELY_TASK_ID": "77",  # the one-edge endpoint needs it
    }


_PLATFORM: Final = {
    "ENV": "production",
    "SERVER_ADDRESS": "{stub}",
    "API_TOKEN": "t" * 128,
    "SUPERVISELY_TASK_ID": "77",
    "SUPERVISELY_SKIP_HTTPS_USER_HELPER_CHECK": "true",
}

_SDK: Final = ("supervisely", "supervisely")

SUBJECTS: Final = (
    Subject("bare", "bare call", peers.bare),
    Subject(
        "off-environment", "lineage, off by environment", ours.off_by_environment,
        environment={"LINEAGE_ENABLED": "false"}, is_ours=True,
    ),
    Subject(
        "off-run-time", "lineage, off at run time", ours.off_at_run_time, is_ours=True
    ),
    Subject("wraps", "functools.wraps", peers.wraps),
    Subject("wrapt", "wrapt, bare", peers.bare_wrapt, "wrapt", "wrapt"),
    Subject(
        "memory", "lineage, on in memory", ours.in_memory, ids=(NEW, SAME), is_ours=True
    ),
    Subject(
        "journal", "lineage, on with journal", ours.with_journal,
        environment=_delivering("process"), stub=(0, True), ids=(NEW, SAME),
        is_ours=True,
    ),
    Subject(
        "repeat", "lineage, on with journal, repeat=True", ours.repeated_edges,
        environment=_delivering("process"), stub=(0, True), is_ours=True,
    ),
    Subject(
        "journal-power", "lineage, on with journal (power)", ours.with_journal,
        environment=_delivering("power"), stub=(0, True), ids=(NEW, SAME),
        is_ours=True,
    ),
    Subject(
        "opentelemetry", "OpenTelemetry, batch processor", peers.opentelemetry,
        "opentelemetry.sdk", "opentelemetry-sdk",
    ),
    Subject("mlflow", "mlflow.trace", peers.mlflow, "mlflow", "mlflow"),
    Subject(
        "openlineage", "OpenLineage, file transport", peers.openlineage,
        "openlineage", "openlineage-python", shapes=("sync",),
    ),
    Subject(
        "sdk", "SDK add_input_project, loopback", peers.sdk, *_SDK,
        environment=_PLATFORM, stub=(0, False), shapes=("sync",),
    ),
    Subject(
        "sdk-20ms", "SDK add_input_project, 20 ms", peers.sdk, *_SDK,
        environment=_PLATFORM, stub=(20, False), shapes=("sync",),
    ),
)  # fmt: skip

BY_KEY: Final = {subject.key: subject for subject in SUBJECTS}
