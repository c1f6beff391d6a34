"""Finds what a person means by a name, a path, a selector or a file's content."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import partial
from types import ModuleType
from typing import Final

from ..errors import ApiError, NotFoundError, SelectorError
from ..model.graph import Node
from ..model.selector import (
    Filter,
    NameSelector,
    as_name,
    is_set,
    parse,
)
from ..records import record, replace
from .connect import Instance
from .format import count, date, escape, title
from .parser import UsageError, load_module
from .result import Line, StyledText, line

#: What an instance answers when nothing has a name.
NOT_FOUND: Final = 404
#: Asks an instance which nodes a selector matches.
Matches = Callable[[str], Sequence[Node]]
#: Largest file that is recognised by its bytes: a few seconds of reading.
MAX_HASHED: Final = 8 << 30
#: Versions of one file that are compared with its files of now.
MAX_COMPARED: Final = 50
_CHUNK: Final = 1 << 20
#: Signs of which every selector of a set has one.
_SET_SIGNS: Final = frozenset("&|,+:<>=")


@record(frozen=True, slots=True)
class Found:
    """What was meant: one node, or a set of them."""

    nodes: Sequence[Node]
    selector: str
    """Names them in a question."""
    notes: Sequence[Line] = ()
    """What to show the person about the match."""
    artifact: str | None = None
    """Names the artifact with all its versions."""

    @property
    def all_versions(self) -> str:
        """The selector of all versions; of the one version, if one was named."""
        return self.artifact or self.selector

    @property
    def node(self) -> Node:
        """The one node, or the first of a set."""
        return self.nodes[0]


def find(
    here: Instance,
    text: str,
    matches: Matches | None = None,
    *,
    as_of: float | None = None,
) -> Found:
    """Find the one node that a name means, or the set that a selector means.

    Args:
        here: The instance.
        text: What a person typed.
        matches: Asks which nodes a selector matches, where the command's own question
            says so; it raises the instance's error where none does.
        as_of: The moment whose versions count, as seconds since 1970; now where left
            out. A file's bytes are those of now and say nothing of another moment.

    Raises:
        NotFoundError: Nothing has the name, or several different nodes have it.
        UsageError: The text is empty.
    """
    if not text.strip():
        raise UsageError("an empty name means nothing; list the runs: lineage tasks")
    matches = matches or partial(matching, here, as_of)
    is_keyed, is_whole = _is_keyed(text), means_set(text)
    nodes = select(text, matches) if is_keyed else ()
    if nodes:
        found = Found(nodes, text) if is_whole else _only(here, text, nodes)
        return _beside_file(text, found)
    local = _find_local_file(here, text, matches, is_past=as_of is not None)
    if local is not None:
        return local
    if is_whole and not is_keyed:
        named = _find_signed_name(here, text, matches)
        if named is not None:
            return named
    nodes = () if is_keyed else select(text, matches)
    if not nodes:
        then = "" if as_of is None else f"at {date(as_of)} "
        raise NotFoundError(then + _unresolved().report_nothing(here, text))
    return Found(nodes, text) if is_whole else _only(here, text, nodes)


def find_one(here: Instance, text: str, *, as_of: float | None = None) -> Found:
    """Find the one node that is meant, where a set makes no sense.

    Raises:
        NotFoundError: Nothing, or several different nodes, match.
    """
    found = find(here, text, as_of=as_of)
    return found if len(found.nodes) == 1 else _only(here, text, found.nodes)


def select(selector: str, matches: Matches) -> Sequence[Node]:
    """Return the nodes that a selector matches, or none."""
    try:
        return matches(selector)
    except ApiError as error:
        if error.status != NOT_FOUND:
            raise
        return []


def matching(here: Instance, as_of: float | None, selector: str) -> Sequence[Node]:
    """Return the nodes that a selector matches; an instance's error where none does."""
    answer = here.graph.get(selector, up=0, down=0, limit=5000, as_of=as_of)
    if means_set(selector):
        return answer.nodes
    return [node for node in answer.nodes if node.key in answer.focus]


def means_set(text: str) -> bool:
    """Whether a text is a selector that means a set by what it is."""
    if not _SET_SIGNS.intersection(text):
        return False
    try:
        return is_set(parse(text))
    except SelectorError:
        return False  # The server found it as a bare name.


def _is_keyed(text: str) -> bool:
    """Whether a text begins with what it selects by: `task:1`, `kind:model`."""
    try:
        return ":" in text and isinstance(parse(text), (NameSelector, Filter))
    except SelectorError:
        return False


def _find_signed_name(here: Instance, text: str, matches: Matches) -> Found | None:
    """Find what is called by a text that would else mean a set: `a, b.csv`."""
    name = as_name(text)
    nodes = select(str(name), matches) if name is not None else ()
    return _only(here, text, nodes, selector=str(name)) if nodes else None


def _beside_file(text: str, found: Found) -> Found:
    """Say how a file is named whose name is a selector of something else."""
    if not os.path.lexists(text):
        return found
    shown = escape(text)
    note = f"'{shown}' is read as a selector; the file or folder here is './{shown}'"
    return replace(found, notes=[*found.notes, line(StyledText(note, "warn"))])


def _only(
    here: Instance, text: str, nodes: Sequence[Node], *, selector: str | None = None
) -> Found:
    """Choose the current version of the one artifact, or the one task.

    Args:
        here: The instance.
        text: What a person typed.
        nodes: What it means.
        selector: Selects the same, where the text itself would be read otherwise.
    """
    if len({(node.type, node.kind, node.id) for node in nodes}) > 1:
        raise NotFoundError(_unresolved().report_several(here, text, nodes))
    best = _best(nodes)
    # A name means the artifact with all its versions; a key or a digest only one.
    is_named = best.type == "data" and len({node.key for node in nodes}) > 1
    return Found([best], best.key, artifact=(selector or text) if is_named else None)


def _best(nodes: Sequence[Node]) -> Node:
    """Return the current version, else the newest."""
    return max(nodes, key=lambda node: (bool(node.is_current), node.created_at or 0.0))


def _find_local_file(
    here: Instance, text: str, matches: Matches, *, is_past: bool
) -> Found | None:
    """Find what was recorded of a file or folder on this machine.

    The bytes of a file decide which version it is, and recognise a copy; of the past
    only its path does.
    """
    if not os.path.exists(text):
        return None
    path = os.path.abspath(text)
    if os.path.isdir(path):
        selector = f'folder:"{_quoted(path)}"'
        nodes = select(selector, matches)
        return _only(here, selector, nodes) if nodes else None
    artifact = f'file:"{_quoted(path)}"'
    known = select(artifact, matches)
    if is_past:
        return _only(here, artifact, known) if known else None
    digest = _digest(path)
    # A version that is known with other files beside it has no digest of its own.
    if not known or any(node.digest is None for node in known):
        together = _with_companions(path, digest)
        if together is not None:
            return _known_together(here, text, artifact, known, together)
    current = [node for node in known if node.digest == f"sha256:{digest}"]
    if current:
        best = _best(current)
        return Found([best], best.key, _version_note(here, text, best), artifact)
    if known:
        found = _only(here, text, known)
        return Found(
            found.nodes, found.selector, [_changed(text, digest, found.node)], artifact
        )
    same = select(f"sha256:{digest}", matches) if digest else []
    if same:
        best = _best(same)
        return Found([best], best.key, [_recognised(here, text, best)])
    return None


def _with_companions(path: str, digest: str | None) -> str | None:
    """Return the digest of a file with its companions; "" where one cannot be read.

    None for a file that has none.
    """
    companions = load_module("delivery.evidence.companions")
    try:
        names = companions.companion_names(path)
    except OSError:
        return None
    if not names:
        return None
    folder, name = os.path.split(path)
    parts = [(name, digest)]
    parts += [(other, _digest(os.path.join(folder, other))) for other in names]
    if any(part[1] is None for part in parts):
        return ""
    found: str = companions.combined_digest(parts)
    return found


def _known_together(
    here: Instance, text: str, artifact: str, known: Sequence[Node], together: str
) -> Found | None:
    """Find the version of a file that has the content of all of its files."""
    newest = sorted(known, key=lambda node: node.created_at or 0.0, reverse=True)
    for node in [node for node in newest if node.digest is None][:MAX_COMPARED]:
        shown = here.graph.data(node.key).evidence
        if together in [one.value for one in shown if one.kind == "companions"]:
            return Found([node], node.key, _version_note(here, text, node), artifact)
    if not known:
        return None
    found = _only(here, text, known)
    reason = "was changed, or a file that belongs to it; shown is the last version"
    return Found(
        found.nodes,
        found.selector,
        [line(StyledText(f"{escape(text)} {reason}", "warn"))],
        artifact,
    )


def _quoted(path: str) -> str:
    return path.replace("\\", "\\\\").replace('"', '\\"')


def _digest(path: str) -> str | None:
    """Return the SHA-256 of a file, unless it is too large or cannot be read."""
    import hashlib

    try:
        if os.path.getsize(path) > MAX_HASHED:
            return None
        digest = hashlib.sha256()
        with open(path, "rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
    except OSError:
        return None
    return digest.hexdigest()


def _changed(text: str, digest: str | None, recorded: Node) -> Line:
    if digest is None:
        reason = "could not be read here"
    elif recorded.digest is None:
        reason = "was recorded without its content, so nothing says whether it changed"
    else:
        reason = "was changed after it was last recorded; shown is the last version"
    return line(StyledText(f"{escape(text)} {reason}", "warn"))


def _version_note(here: Instance, text: str, node: Node) -> list[Line]:
    """Describe which version a file's content is, unless it is the current one."""
    if node.is_current is not False:
        return []
    return [_recognised(here, text, node)]


def _recognised(here: Instance, text: str, node: Node) -> Line:
    """Describe in one sentence as what the bytes of a file were recorded."""
    detail = here.graph.data(node.key)
    parts = [f"{escape(text)} has the content of {title(node)}"]
    if detail.produced_by:
        parts[0] += f" of {detail.produced_by[-1].task}"
    keys = [version.key for version in detail.versions]
    newer = detail.versions[: keys.index(node.key) if node.key in keys else 0]
    behind = len({version.same_as for version in newer} - {node.same_as})
    parts.append(f"{count(behind, 'version')} old" if behind else "the current version")
    if node.is_stale:
        items = here.graph.stale(of=node.key).items
        reasons = "; ".join(
            f"{title(item.used)} has a newer version" for item in items[:3]
        )
        parts.append("stale" + (f" because {reasons}" if reasons else ""))
    return line(StyledText(", ".join(parts), "title"))


def _unresolved() -> ModuleType:
    """Import what reports a name that means no one node; most names do mean one."""
    return load_module("cli.unresolved")
