"""`docs/tutorial.md`: typed as it stands, it prints what it says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from journey_tools import run_python
from source_tree import ROOT

_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
#: What a reader did before, and what would wait for Ctrl+C.
_SKIPPED = ("pip", "cd", ".", "lineage ui", "python3")


def test_the_tutorial_prints_what_it_says(tmp_path: Path) -> None:
    """Each text block shows lines that the commands before it print."""
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    printed: list[str] = []
    shown: list[list[str]] = []
    for kind, block in _BLOCK.findall(text):
        if kind == "python":
            (tmp_path / "shop.py").write_text(block, encoding="utf-8")
        elif kind == "sh":
            printed = [p for line in block.splitlines() for p in _run(line, tmp_path)]
        elif kind == "text":
            shown.append(_lines(block))
            assert [one for one in printed if one in shown[-1]] == shown[-1]
    assert len(shown) == 3


def _run(line: str, folder: Path) -> list[str]:
    if line.startswith(_SKIPPED):
        return []
    program, *words = shlex.split(line)
    module = ["-m", "lineage"] if program == "lineage" else []
    done = run_python(*module, *words, home=folder / ".lineage", cwd=folder)
    assert done.returncode == 0, done.stderr
    return _lines(done.stdout)


def _lines(text: str) -> list[str]:
    """Return lines as they can be compared: columns and times differ."""
    plain = [re.sub(r"\d+ ms", "n ms", line) for line in text.splitlines()]
    return [" ".join(line.split()) for line in plain]
