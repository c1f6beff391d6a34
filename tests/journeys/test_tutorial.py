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


def test_the_tutorial_prints_what_it_shows(tmp_path: Path) -> None:
    """Each text block is a part of what the commands before it print."""
    text = (ROOT / "docs" / "tutorial.md").read_text(encoding="utf-8")
    printed, shown = "", 0
    for kind, block in _BLOCK.findall(text):
        if kind == "python":
            (tmp_path / "shop.py").write_text(block, encoding="utf-8")
        elif kind == "sh":
            printed = "".join(_run(line, tmp_path) for line in block.splitlines())
        elif kind == "text":
            assert _comparable(block) in printed
            shown += 1
    assert shown == 3


def _run(line: str, folder: Path) -> str:
    if line.startswith(_SKIPPED):
        return ""
    program, *words = shlex.split(line)
    module = ["-m", "lineage"] if program == "lineage" else []
    done = run_python(*module, *words, home=folder / ".lineage", cwd=folder)
    assert done.returncode == 0, done.stderr
    return _comparable(done.stdout)


def _comparable(text: str) -> str:
    """Return lines as they can be compared: columns and times differ."""
    plain = [re.sub(r"\d+ ms", "n ms", line) for line in text.splitlines()]
    return "".join(" ".join(line.split()) + "\n" for line in plain)
