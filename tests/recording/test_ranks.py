"""Which rank a process is, and what the ranks of one run share."""

from __future__ import annotations

import pytest

from lineage.recording.ranks import current_rank

_SLURM = {
    "SLURM_JOB_ID": "7",
    "SLURM_STEP_ID": "0",
    "SLURM_PROCID": "1",
    "SLURM_NTASKS": "4",
}
_OPEN_MPI = {
    "PMIX_NAMESPACE": "prterun-1",
    "OMPI_COMM_WORLD_RANK": "1",
    "OMPI_COMM_WORLD_SIZE": "4",
}
_COPIED = {"RANK": "1", "WORLD_SIZE": "4"}
_LAUNCHED = {"TORCHELASTIC_RUN_ID": "none", "TORCHELASTIC_RESTART_COUNT": "0"}


@pytest.mark.parametrize("launcher", [_SLURM, _OPEN_MPI], ids=["Slurm", "Open MPI"])
def test_a_copied_rank_is_the_launchers(launcher: dict[str, str]) -> None:
    """Scripts that fill in PyTorch's variables by hand share the launcher's id."""
    alone = current_rank(launcher)
    assert alone is not None
    assert alone.shared_id
    assert current_rank({**launcher, **_COPIED}) == alone


@pytest.mark.parametrize(
    "more",
    [
        {**_COPIED, **_LAUNCHED},
        {"RANK": "1", "WORLD_SIZE": "8"},
        {"RANK": "2", "WORLD_SIZE": "4"},
    ],
    ids=["torchrun without an id", "more ranks", "another rank"],
)
def test_a_rank_inside_a_launched_process_is_its_own(more: dict[str, str]) -> None:
    """Several ranks in one process of the launcher would all take its number."""
    rank = current_rank({**_SLURM, **more})
    assert rank is not None
    assert (str(rank.number), str(rank.size)) == (more["RANK"], more["WORLD_SIZE"])
    assert rank.shared_id == ""


def test_an_id_of_torchrun_comes_first() -> None:
    """Within one step of Slurm there may be several runs of torchrun."""
    rank = current_rank({**_SLURM, **_COPIED, "TORCHELASTIC_RUN_ID": "run-7"})
    assert rank is not None
    assert rank.shared_id == "torch:run-7:0"


@pytest.mark.parametrize(
    ("size", "is_rank"), [("4", True), ("1", False), ("four", False)]
)
def test_ranks_of_mpich_share_no_id(size: str, is_rank: bool) -> None:
    """They are ranks nevertheless: each of them says that it is a task of its own."""
    rank = current_rank({"PMI_RANK": "0", "PMI_SIZE": size})
    assert (rank is not None) is is_rank
    assert rank is None or rank.shared_id == ""


def test_a_batch_script_is_no_rank() -> None:
    """Slurm gives it the variables of its ranks, but no step."""
    without = {k: v for k, v in _SLURM.items() if k != "SLURM_STEP_ID"}
    assert current_rank(without) is None
