"""What each file says of itself, and what no file says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from source_tree import ROOT, committed, functions, modules, nodes, relative, tree

#: Words that must not come back, and the glossary's words for them.
_UNWANTED = {
    "tell, tells, told": "record, return, log, say",
    "thing, things": "artifact",
    "spot, spots, sight": "node, reader",
    "verdict, verdicts": "result",
    "backlog": "queue",
    "sink, sinks": "exporter",
    "doors, teller, tellers": "methods, builder",
    "anew, dearer, dearest": "again, more expensive",
    "begin_anew, start_afresh": "reset_after_fork",
}
#: Words that people may read in a sentence, but that name no function or variable.
_UNWANTED_IN_NAMES = {
    "ask, asks, asked, asking": "call, request, query, look_up",
    "say, says, said, saying": "record, log, warn, show, name",
}
#: What the interface of files and the public interface call so.
_KEPT_NAMES = {"tell", "ask", "sink", "_sink", "exporter_of_sink"}
_WORDS = re.compile(
    rf"\b({'|'.join(w for words in _UNWANTED for w in words.split(', '))})\b",
    re.IGNORECASE,
)
#: Uses that are right: a method of files, an option of sockets, a wire key, a name that
#: is deprecated, and names that a store keeps.
_ALLOWED = re.compile(
    r"\.tell\(|def tell\(|\bbacklog=\d"
    r"|\bsink\b ?[:=)\]]|[`\"]sinks?[`\"]|sink=|exporter_of_sink"
    r"|[`\"]thing[`\"]|[\w.]_things|\bsink\b"
)


_TEXT = (".py", ".md", ".toml", ".ts", ".tsx", ".css", ".yml", ".yaml", ".json", "")
_NOTES = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b")
_MACHINE = re.compile(r"/(work|farm)/[a-z.]|/opt/pyp[i]|/root/\.")
_ADDRESS = re.compile(r'"resolved": *"http|registry *= *"?http')


def _texts() -> list[tuple[Path, str]]:
    here = Path(__file__)
    kept = (path for path in committed() if path.suffix in _TEXT and path != here)
    return [(path, path.read_text(encoding="utf-8")) for path in kept]


def _lines_with(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{relative(path)}:{number}: {line.strip()[:80]}"
        for path, text in _texts()
        for number, line in enumerate(text.split("\n"), 1)
        if pattern.search(line)
    ]


def test_modules_open_with_one_sentence() -> None:
    """Each module says its job in one line on top."""
    silent = []
    for path in modules():
        first = (ast.get_docstring(tree(path)) or "").split("\n")[0]
        if not first.endswith((".", "?")):
            silent.append(relative(path))
    assert silent == []


def test_tests_state_their_rule() -> None:
    """Each test opens with a sentence that states the rule it guards."""
    silent = [
        f"{relative(path)}:{function.lineno} {function.name}"
        for path in modules(ROOT / "tests")
        if path.name.startswith("test_")
        for function in functions(path)
        if function.name.startswith("test_") and not ast.get_docstring(function)
    ]
    assert silent == []


@pytest.mark.parametrize("pattern", [_NOTES, _MACHINE, _ADDRESS], ids=str)
def test_files_hold_no_leftovers(pattern: re.Pattern[str]) -> None:
    """No notes to oneself, no folder of one machine, no download address."""
    assert _lines_with(pattern) == []


def test_switched_off_checks_give_a_reason() -> None:
    """Each `noqa` and `type: ignore` names its rule and gives a reason."""
    bare = re.compile(
        r"#\s*(noqa|type:\s*ignore)(?!(:\s*[A-Z0-9, ]+|\[[\w, -]+\])\s+\S)"
    )
    package = [
        f"{relative(path)}:{number}: {line.strip()}"
        for path in modules()
        for number, line in enumerate(path.read_text("utf-8").split("\n"), 1)
        if bare.search(line)
    ]
    assert package == []


def _plain_texts() -> list[tuple[Path, str]]:
    """All that people read: code, documents, tests, the page's sources."""
    folders = (
        "lineage/", "docs/", "web/src/", "tests/", "benchmarks/", "examples/",
        "scripts/", "README.md", "CONTRIBUTING.md",
    )  # fmt: skip
    return [
        (path, text)
        for path, text in _texts()
        if relative(path).startswith(folders) and path.suffix != ".json"
    ]


def test_the_decided_words_are_used() -> None:
    """One concept has one name; the words that were given up do not come back."""
    found = [
        f"{relative(path)}:{number}: {match[0]!r} in: {line.strip()[:80]}"
        for path, text in _plain_texts()
        for number, line in enumerate(text.split("\n"), 1)
        if (match := _WORDS.search(_ALLOWED.sub("", line)))
    ]
    assert found == [], f"see docs/glossary.md and {_UNWANTED}"


def _bound_names(path: Path) -> Iterator[tuple[str, int]]:
    """Yield each name that a file gives to something, with its line."""
    for node in nodes(path):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                yield node.name, node.lineno
            case ast.arg():
                yield node.arg, node.lineno
            case ast.Name(ctx=ast.Store()):
                yield node.id, node.lineno
            case ast.Attribute(ctx=ast.Store()):
                yield node.attr, node.lineno


def _unwanted_names(path: Path) -> list[str]:
    words = {word for words in _UNWANTED for word in words.split(", ")}
    words |= {word for words in _UNWANTED_IN_NAMES for word in words.split(", ")}
    return [
        f"{path}:{line} {name}"
        for name, line in _bound_names(path)
        if words & set(name.lower().split("_")) and name not in _KEPT_NAMES
    ]


@pytest.mark.parametrize(
    "folder", ["lineage", "tests", "benchmarks", "examples", "scripts"]
)
def test_names_use_the_decided_words(folder: str) -> None:
    """What a failing test prints first is its name; helpers are read beside it."""
    found = [
        line
        for path in committed()
        if path.suffix == ".py" and relative(path).startswith(f"{folder}/")
        for line in _unwanted_names(path)
    ]
    assert found == [], f"see docs/glossary.md, {_UNWANTED} and {_UNWANTED_IN_NAMES}"


def test_the_list_of_names_finds_what_it_should(tmp_path: Path) -> None:
    """Functions, parameters and what is assigned count; a method of files does not."""
    names = "def asks(told, b): said = b.asked = 1\ndef tell(self): ...\nimport says\n"
    (tmp_path / "names.py").write_text(names)
    found = {line.rpartition(" ")[2] for line in _unwanted_names(tmp_path / "names.py")}
    assert found == {"asks", "told", "said", "asked"}


def test_the_word_list_finds_what_it_should() -> None:
    """The list is no empty promise: it finds a word, and leaves the allowed uses."""
    assert _WORDS.search("Tell the thing anew.")
    assert not _WORDS.search(_ALLOWED.sub("", "position = file.tell()"))
    assert not _WORDS.search("nothing is intelligible to a storyteller")
