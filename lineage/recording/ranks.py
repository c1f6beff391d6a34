"""The ranks of one training run: how they agree on the key of one task."""

from __future__ import annotations

import hashlib
import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from ..errors import warn_rarely

_HINT: Final = (
    "start the ranks from a task with env=lineage.environment(), or give them a shared "
    "id, as torchrun --rdzv-id does"
)
#: Only torchrun sets it.
_ATTEMPT: Final = "TORCHELASTIC_RESTART_COUNT"


@dataclass(frozen=True, slots=True)
class Rank:
    """One of several processes that work on one task."""

    number: int
    size: int
    shared_id: str
    """What all of them know and no other run has; empty when there is none."""

    def key(self, ordinal: int) -> str:
        """Return the key of the task that the ranks open as their n-th."""
        text = f"{self.shared_id}/{ordinal}"
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def current_rank(environ: Mapping[str, str] | None = None) -> Rank | None:
    """Return this process's rank; None when it is no rank, or the only one."""
    env = os.environ if environ is None else environ
    torch = _torch(env)
    launched = _slurm(env) or _open_mpi(env)
    if torch is None or torch.shared_id or launched is None:
        return torch or launched or _hydra(env)
    # Scripts copy rank and size of what launched them into the variables of PyTorch;
    # torchrun's own processes, several of which one launched process may start, do not.
    is_copied = (torch.number, torch.size) == (launched.number, launched.size)
    return launched if is_copied and _ATTEMPT not in env else torch


def shared_rank() -> Rank | None:
    """Return this process's rank if the ranks can share a task; warn if they cannot."""
    rank = current_rank()
    if rank is None or rank.shared_id:
        return rank
    warn_rarely(
        "ranks",
        "Rank %d of %d knows no id that the ranks share, so each of them is a task of "
        "its own; %s",
        rank.number,
        rank.size,
        _HINT,
    )
    return None


def _rank(number: str | None, size: str | None, shared_id: str) -> Rank | None:
    if not (number and size and number.isdigit() and size.isdigit()):
        return None
    return Rank(int(number), int(size), shared_id) if int(size) > 1 else None


def _torch(env: Mapping[str, str]) -> Rank | None:
    run = env.get("TORCHELASTIC_RUN_ID", "")
    if run in ("", "none"):
        # The default id is no id; on one machine the launcher's process is one.
        is_one_machine = env.get("LOCAL_WORLD_SIZE") == env.get("WORLD_SIZE")
        is_launched = _ATTEMPT in env
        run = ""
        if is_one_machine and is_launched:
            run = f"{socket.gethostname()}:{os.getppid()}"
    attempt = env.get(_ATTEMPT, "0")
    shared = f"torch:{run}:{attempt}" if run else ""
    return _rank(env.get("RANK"), env.get("WORLD_SIZE"), shared)


def _slurm(env: Mapping[str, str]) -> Rank | None:
    job, step = env.get("SLURM_JOB_ID"), env.get("SLURM_STEP_ID")
    if step is None:
        return None  # the batch script itself, which is no rank
    restart = env.get("SLURM_RESTART_COUNT", "0")
    cluster = env.get("SLURM_CLUSTER_NAME", "")
    shared = f"slurm:{cluster}:{job}:{step}:{restart}" if job else ""
    size = env.get("SLURM_STEP_NUM_TASKS") or env.get("SLURM_NTASKS")
    return _rank(env.get("SLURM_PROCID"), size, shared)


def _open_mpi(env: Mapping[str, str]) -> Rank | None:
    job = env.get("PMIX_NAMESPACE") or env.get("OMPI_MCA_ess_base_jobid", "")
    shared = f"mpi:{job}" if job else ""
    size = env.get("OMPI_COMM_WORLD_SIZE")
    return _rank(env.get("OMPI_COMM_WORLD_RANK"), size, shared)


def _hydra(env: Mapping[str, str]) -> Rank | None:
    """Return the rank of MPICH or Intel MPI, whose processes share no id."""
    return _rank(env.get("PMI_RANK"), env.get("PMI_SIZE"), "")
