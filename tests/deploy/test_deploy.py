"""What we ship beside the package is well-formed: container, manifests, workflows."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from source_tree import ROOT

_BIN = Path(sys.executable).parent
_MANIFESTS = sorted(
    path
    for path in (ROOT / "deploy" / "kustomize").glob("*.yaml")
    if path.name != "kustomization.yaml"
)
_TOKEN = ROOT / "deploy" / "first-token.yaml"
_SCHEMAS = {
    "github-workflows": sorted((ROOT / ".github" / "workflows").glob("*.yml")),
    "dependabot": [ROOT / ".github" / "dependabot.yml"],
    "compose-spec": [ROOT / "deploy" / "compose.yaml"],
}


def _accepts(*command: str | Path) -> None:
    done = subprocess.run(
        [_BIN / command[0], *command[1:]], capture_output=True, text=True, cwd=ROOT
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dockerfile_follows_good_practice() -> None:
    """Hadolint finds nothing in the Dockerfile."""
    _accepts("hadolint", "Dockerfile")


@pytest.mark.parametrize("schema", _SCHEMAS)
def test_files_of_other_tools_follow_their_schemas(schema: str) -> None:
    """Workflows, update settings and the compose file follow the tools' own schemas."""
    files = _SCHEMAS[schema]
    assert files
    _accepts("check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files)


def test_manifests_are_what_kubernetes_takes() -> None:
    """Each manifest is valid in the current version of Kubernetes, strictly."""
    _accepts("kubernetes-validate", "--strict", *_MANIFESTS, _TOKEN)


def test_every_manifest_is_part_of_the_base() -> None:
    """A manifest that the base does not name would never be applied."""
    base = (ROOT / "deploy" / "kustomize" / "kustomization.yaml").read_text()
    assert _MANIFESTS
    assert [path.name for path in _MANIFESTS if path.name not in base] == []
