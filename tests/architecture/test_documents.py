"""The documentation is complete, and what it says is true."""

from __future__ import annotations

import os
import re
import runpy
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from architecture_docs import (
    DOCUMENTS,
    command_rows,
    commands,
    environment_rows,
    shell_lines,
)
from source_tree import PACKAGE, ROOT, committed, relative

from lineage.cli.main import build_parser

_WITH_BLOCKS = [p for p in DOCUMENTS if "```python" in p.read_text("utf-8")]
_WITH_EXAMPLES = [p for p in sorted(PACKAGE.rglob("*.py")) if ">>>" in p.read_text()]
#: Runs the examples of a file: what others have imported is no help to it.
_RUN = """
import sys
from pathlib import Path
from sybil import Sybil
from sybil.parsers.{parsers} import {parser}

examples = list(Sybil(parsers=[{parser}()]).parse(Path(sys.argv[1])).examples())
for example in examples:
    example.evaluate()
print(len(examples))
"""


def test_each_picture_of_the_page_is_taken_and_shown() -> None:
    """What the documents show of the page is what the script takes, and all of it."""
    taken = runpy.run_path(str(ROOT / "scripts" / "pictures.py"))["PICTURES"]
    kept = {path.stem for path in (ROOT / "docs" / "images").glob("*.png")}
    texts = "".join(path.read_text("utf-8") for path in DOCUMENTS)
    shown = set(re.findall(r"images/([\w-]+)\.png", texts))
    assert shown == kept == set(taken)


@pytest.mark.parametrize("row", environment_rows())
def test_each_variable_is_documented(row: str) -> None:
    """docs/environment.md names each variable, its default and its meaning."""
    assert row in (ROOT / "docs" / "environment.md").read_text()


def test_our_variables_stand_apart_from_the_platforms() -> None:
    """Who works without the platform has one table to read."""
    text = (ROOT / "docs" / "environment.md").read_text()
    ours, _, theirs = text.partition("## The platform's")
    names = re.compile(r"^\| `(\w+)`", re.MULTILINE)
    assert {name.startswith("LINEAGE_") for name in names.findall(ours)} == {True}
    table = theirs.partition("\n## ")[0]
    assert {name.startswith("LINEAGE_") for name in names.findall(table)} == {False}


@pytest.mark.parametrize("row", command_rows())
def test_each_command_is_documented(row: str) -> None:
    """Each command is listed with the words of its help, questions on their page."""
    pages = [ROOT / "docs" / name for name in ("cli.md", "questions.md")]
    assert any(row in page.read_text() for page in pages)


def _run_examples(file: Path, folder: Path, parsers: str, parser: str) -> int:
    """Run the examples of a file in a process of their own; return how many."""
    done = subprocess.run(
        [sys.executable, "-c", _RUN.format(parsers=parsers, parser=parser), str(file)],
        cwd=folder, capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "LINEAGE_FLUSH_TIMEOUT_S": "60"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return int(done.stdout.split()[-1])


@pytest.mark.parametrize("document", _WITH_BLOCKS, ids=relative)
def test_examples_in_documents_run(document: Path, tmp_path: Path) -> None:
    """Each document runs alone, its Python blocks one after the other."""
    assert _run_examples(document, tmp_path, "markdown", "PythonCodeBlockParser")


@pytest.mark.parametrize("module", _WITH_EXAMPLES, ids=relative)
def test_examples_in_docstrings_run(module: Path, tmp_path: Path) -> None:
    """Each example in a docstring gives what it says, in a process of its module's."""
    assert _run_examples(module, tmp_path, "rest", "DocTestParser")


def test_an_example_that_lacks_an_import_fails(tmp_path: Path) -> None:
    """What this process has imported does not reach a document."""
    text = "```python\nimport lineage\nlineage.testing.capture\n```\n"
    (tmp_path / "page.md").write_text(text)
    with pytest.raises(AssertionError, match="testing"):
        _run_examples(
            tmp_path / "page.md", tmp_path, "markdown", "PythonCodeBlockParser"
        )


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_commands_in_documents_exist(document: Path) -> None:
    """Each `lineage …` and `make …` that a document says to type is there."""
    makefile = (ROOT / "Makefile").read_text()
    verbs = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    known = {name for name, _ in commands()}
    for line in shell_lines(document.read_text(encoding="utf-8")):
        words = [w for w in shlex.split(line) if "=" not in w.split("/")[0]]
        if words[0] == "make":
            assert words[1] in verbs, line
        elif words[0].endswith("lineage"):
            named = {" ".join(words[1:2]), " ".join(words[1:3])}
            assert named & (known | {"--version"}), line
            if words[1] != "--version":
                build_parser().parse_args(words[1:])


def test_commands_in_messages_exist() -> None:
    """A command that a message or the page says to type is there."""
    known = {name.split()[0] for name, _ in commands()}
    command = re.compile(r"(?:`|<code>|type: )lineage ([a-z]+)")
    sources = [p for p in committed() if p.suffix in (".py", ".html", ".ts", ".tsx")]
    wrong = [
        f"{relative(path)}: lineage {word}"
        for path in sources
        if path.parts[len(ROOT.parts)] in ("lineage", "web")
        for word in command.findall(path.read_text(encoding="utf-8"))
        if word not in known
    ]
    assert wrong == []


def test_each_page_is_in_the_navigation() -> None:
    """A page that nobody can find is no page."""
    listed = (ROOT / "mkdocs.yml").read_text()
    missing = [p.name for p in DOCUMENTS[1:] if p.name not in listed]
    assert missing == []


def test_the_readme_shows_the_two_commands_first() -> None:
    """`make demo` and `make test` stand on the first screen."""
    first_screen = "\n".join((ROOT / "README.md").read_text().split("\n")[:40])
    assert "make demo" in first_screen
    assert "make test" in first_screen
