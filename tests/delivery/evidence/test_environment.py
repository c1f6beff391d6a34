"""What the process runs in, as it is found without importing or asking anybody."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from lineage.delivery.evidence import environment
from lineage.delivery.evidence.environment import EnvironmentFinder
from lineage.recording.git_commit import CodeState


def _find(code: CodeState | None = None, image: str | None = None) -> dict[str, str]:
    return dict(EnvironmentFinder(lambda: code, image).find())


def _site(tmp_path: Path, name: str, *entries: str) -> str:
    folder = tmp_path / name
    for entry in entries:
        (folder / entry).mkdir(parents=True)
    return str(folder)


def test_packages_are_named_by_their_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A distribution's folder says name and version; the first on the path counts."""
    first = _site(tmp_path, "a", "numpy-2.2.0.dist-info", "Ruamel.Yaml-0.18.dist-info")
    second = _site(tmp_path, "b", "numpy-1.0.dist-info", "old_one-3-py3.9.egg-info")
    monkeypatch.setattr(sys, "path", [first, str(tmp_path / "none"), second])
    found = {k: v for k, v in _find().items() if k.startswith("package:")}
    assert found == {
        "package:numpy": "2.2.0",
        "package:ruamel-yaml": "0.18",
        "package:old-one": "3",
    }


def test_a_folder_without_a_version_is_looked_into(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An editable package of old form names its version in a file."""
    site = _site(tmp_path, "a", "mine.egg-info", "bare.egg-info")
    text = "Metadata-Version: 2.1\nName: mine\nVersion: 0.4.dev1\n"
    Path(site, "mine.egg-info", "PKG-INFO").write_text(text)
    monkeypatch.setattr(sys, "path", [site])
    found = _find()
    assert found["package:mine"] == "0.4.dev1"
    assert found["package:bare"] == "unknown"


def test_the_patch_has_a_digest_that_follows_its_content(tmp_path: Path) -> None:
    """Equal uncommitted changes have one digest, others another."""

    def git(*words: str) -> None:
        who = ("-c", "user.name=n", "-c", "user.email=e")
        subprocess.run(["git", *who, *words], cwd=tmp_path, check=True)

    git("init", "-q")
    file = tmp_path / "main.py"
    file.write_text("1\n")
    git("add", ".")
    git("commit", "-q", "-m", "x")
    code = CodeState(str(tmp_path), "c" * 40, "work", is_dirty=True)
    file.write_text("2\n")
    one = _find(code)
    file.write_text("3\n")
    two = _find(code)
    file.write_text("2\n")
    assert one["git.patch"] == _find(code)["git.patch"] != two["git.patch"]
    assert one["git.patch"].startswith("sha256:")
    assert (one["git.commit"], one["git.branch"]) == ("c" * 40, "work")


def test_clean_code_and_no_code_have_no_patch(tmp_path: Path) -> None:
    """Nothing is said where nothing is known."""
    clean = CodeState(str(tmp_path), "c" * 40, None, is_dirty=False)
    assert "git.patch" not in _find(clean)
    assert "git.branch" not in _find(clean)
    assert not any(name.startswith("git") for name in _find())


def test_a_patch_that_git_cannot_make_is_left_out(tmp_path: Path) -> None:
    """A folder that is no repository has no patch, and the rest is recorded."""
    found = _find(CodeState(str(tmp_path), "c" * 40, "b", is_dirty=True))
    assert "git.patch" not in found
    assert found["git.commit"] == "c" * 40
    assert "python" in found


def test_a_stopped_finder_starts_no_git(tmp_path: Path) -> None:
    """At the end of the process nobody waits for a patch."""
    code = CodeState(str(tmp_path), "c" * 40, "b", is_dirty=True)
    finder = EnvironmentFinder(lambda: code)
    finder.stop()
    assert "git.patch" not in finder.find()


def test_gpus_are_read_from_the_driver(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Equal models are counted; no command is run."""
    nvidia = tmp_path / "nvidia"
    for number in range(2):
        card = nvidia / "gpus" / f"0000:0{number}:00.0"
        card.mkdir(parents=True)
        card.joinpath("information").write_text("Model: \t\t NVIDIA A100\nIRQ: 1\n")
    nvidia.joinpath("version").write_text("NVRM version: NVIDIA 550.54.14  Feb\n")
    monkeypatch.setattr(environment, "_NVIDIA", nvidia)
    monkeypatch.setattr(environment, "_AMD", tmp_path / "none")
    found = _find()
    assert (found["gpu"], found["gpu.driver"]) == ("2 x NVIDIA A100", "550.54.14")


def test_the_image_comes_from_the_settings_the_starter_or_podman(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The setting comes first, and nothing is guessed."""
    file = tmp_path / "containerenv"
    monkeypatch.setattr(environment, "_PODMAN", file)
    for name in ("CI_JOB_IMAGE", "FLYTE_INTERNAL_IMAGE", "CONTAINER_IMAGE"):
        monkeypatch.delenv(name, raising=False)
    assert "image" not in _find()
    file.write_text('engine="podman-4"\nimage="quay.io/a/b:1"\n')
    assert _find()["image"] == "quay.io/a/b:1"
    monkeypatch.setenv("CI_JOB_IMAGE", "registry/ci:2")
    assert _find()["image"] == "registry/ci:2"
    assert _find(image="mine@sha256:ab")["image"] == "mine@sha256:ab"


def test_a_container_has_no_host_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its name is made up again for each one, and would make all of them differ."""
    monkeypatch.setattr(environment, "_IN_CONTAINER", ())
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    assert _find()["host"]
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    assert "host" not in _find()
