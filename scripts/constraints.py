"""Renews `constraints.txt`: one version of each package for every Python we name."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "constraints.txt"
#: What `make` installs; `dev` has all that `demo` has.
EXTRAS = ("dev", "quick")


def head(text: str) -> str:
    """Return the comment with which a file begins."""
    return "".join(line for line in text.splitlines(True) if line.startswith("#"))


def resolved() -> str:
    """Return one version of each package, by markers where Pythons differ."""
    extras = [word for extra in EXTRAS for word in ("--extra", extra)]
    command = [
        "uv", "pip", "compile", "pyproject.toml", *extras, "--universal",
        "--python-version", "3.10", "--no-header", "--no-annotate",
        "--no-emit-index-url", "--no-emit-find-links", "--upgrade", "--quiet",
    ]  # fmt: skip
    tool = Path(sys.executable).with_name(command[0])
    return subprocess.run(
        [tool, *command[1:]], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout


def main() -> None:
    """Write the file, and keep its comment."""
    FILE.write_text(head(FILE.read_text("utf-8")) + resolved(), "utf-8")
    print(f"{FILE.name} is renewed: run `make test`, then commit it")


if __name__ == "__main__":
    main()
