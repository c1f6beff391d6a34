"""A clone of today is green tomorrow: development has one version of each package."""

from __future__ import annotations

import re

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from source_tree import ROOT

PYPROJECT = (ROOT / "pyproject.toml").read_text("utf-8")
LINES = [
    line
    for line in (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    if line and not line.startswith("#")
]
#: The extras that `make` installs, by their own lists.
EXTRAS = ("server", "postgres", "sso", "cli", "files", "examples", "docs", "test",
          "lint", "quick")  # fmt: skip


def _needed(extra: str) -> list[Requirement]:
    found = re.search(rf"^{extra} = \[(.*?)\]\n", PYPROJECT, re.M | re.S)
    assert found is not None, extra
    texts = re.findall(r'"([^"]+)"', re.sub(r"^\s*#.*$", "", found[1], flags=re.M))
    return [r for r in map(Requirement, texts) if r.name != "workflow-lineage"]


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12", "3.13", "3.14"])
@pytest.mark.parametrize("extra", EXTRAS)
def test_each_package_has_one_version_on_each_python(extra: str, python: str) -> None:
    """Which one depends on the Python at most, and is new enough."""
    environment = {
        **default_environment(),
        "python_version": python,
        "python_full_version": f"{python}.5",
    }
    chosen: dict[str, list[Requirement]] = {}
    for pin in map(Requirement, LINES):
        if pin.marker is None or pin.marker.evaluate(environment):
            chosen.setdefault(canonicalize_name(pin.name), []).append(pin)
    for need in _needed(extra):
        if need.marker is not None and not need.marker.evaluate(environment):
            continue
        pins = chosen.get(canonicalize_name(need.name), [])
        assert len(pins) == 1, f"{need.name}: type `make constraints`"
        (version,) = (part.version for part in pins[0].specifier)
        assert need.specifier.contains(version), f"{need}: type `make constraints`"


def test_a_line_is_a_version_and_no_address() -> None:
    """Where packages come from is the machine's own affair."""
    form = re.compile(r"[a-z0-9.-]+(\[[a-z,-]+\])?==[0-9][a-z0-9.]*( ; .+)?")
    assert [line for line in LINES if not form.fullmatch(line)] == []
    assert "://" not in "".join(LINES)


def test_an_app_is_free_to_choose_newer_versions() -> None:
    """`pyproject.toml` names least versions, and no greatest."""
    needs = re.findall(r'^\s*"([A-Za-z][\w.\[\]-]*[<>=~!][^"]*)"', PYPROJECT, re.M)
    specifiers = [str(Requirement(need).specifier) for need in needs]
    assert len(specifiers) > 40
    assert [text for text in specifiers if re.search(r"<|==|~=|!=", text)] == []
