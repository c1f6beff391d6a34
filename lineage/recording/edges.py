"""Edges: what the app's thread records of an artifact.

Where it lies, one stat, the text of its edge unless the task has recorded it before,
and one write.
"""

# Longer than 400 lines: a recorded call passes through few modules.

from __future__ import annotations

import os
import stat
from time import time_ns
from typing import TYPE_CHECKING, Any, Final, Protocol
from urllib.parse import quote_from_bytes

from ..model.addresses import is_address, local_file
from ..model.kinds import TEXT_KINDS
from .context import AGAIN, MAX_PENDING_ENDS, InputRef, StepContext, Unrecorded
from .derivation import (
    append_repeated_around,
    has_other_sources,
    note_output,
    note_repeated_use,
    source_of,
)
from .fact_json import kind_of, with_card
from .host_info import machine_name
from .json_text import MAX_NAME_LENGTH, quote, shorten
from .masked_names import distinct_name

if TYPE_CHECKING:
    from .recorder import Recorder

#: Longer texts are no paths; the system call would refuse them anyway.
_LONGEST: Final = 4096
#: What is looked at of a name before it is masked and cut.
_LONGEST_LOOK: Final = 20_000
#: Identities of one edge prefix that a task remembers, in two halves: each fits what a
#: dictionary holds in 2**17 places, which with its numbers takes 5 MB.
MAX_SEEN: Final = 2 * 82_000
#: A file's times lag behind the clock by up to one tick of the kernel.
TICK_NS: Final = 20_000_000
#: What fsspec reads out of another file: `zip://in.csv::a.zip`.
_CHAINED: Final = ("zip", "tar", "libarchive", "simplecache", "filecache", "blockcache")
#: Databases that are one file.
_EMBEDDED: Final = ("sqlite", "duckdb")
#: All of ASCII but the percent sign.
_NO_ESCAPE: Final = bytes({*range(128)} - {ord("%")})
#: How an absolute path begins; on Windows `/x` lacks its drive.
_ROOT: Final = "/" if os.sep == "/" else None

#: What distinguishes two states of a file: size, mtime_ns, ctime_ns, inode, device.
FileState = tuple[int, int, int, int, int]


def local_path(text: str) -> str | None:
    """Return the path that text names on this machine; None for other addresses."""
    if ":/" not in text:
        if len(text) > _LONGEST or "\x00" in text:
            return None
        # pandas and shells mean the home folder; a folder called `~` is a mistake.
        return text if text[:1] != "~" else _in_home(text)
    if "::" in text and text.partition(":")[0] in _CHAINED:
        return local_path(text.rpartition("::")[2])
    if "://" in text and text[0] not in "fF":
        return _database_file(text) if text[0] in "sd" else None
    return local_file(text) if is_address(text) else text


def _database_file(text: str) -> str | None:
    """Return the file that `sqlite:///x.db` names, as SQLAlchemy reads it."""
    scheme, slashes, path = text.partition(":///")
    path = path.partition("?")[0]
    is_file = slashes and path and not path.startswith((":memory:", "file:"))
    return path if is_file and scheme.partition("+")[0] in _EMBEDDED else None


def _in_home(text: str) -> str:
    """Return the path that `~/data.csv` means; other names that begin so stay."""
    at_home = text[1:2] in ("", "/", os.sep) and not os.path.lexists("~")
    return os.path.expanduser(text) if at_home else text


def look(path: str) -> FileState | None:
    """Return the state of a regular file; None where there is none."""
    try:
        seen = os.stat(path)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(seen.st_mode):
        return None
    return (
        seen.st_size,
        seen.st_mtime_ns,
        seen.st_ctime_ns,
        seen.st_ino,
        seen.st_dev,
    )


def state_members(state: FileState, begin_ns: int = 0) -> str:
    """Return the member `stat`, and `unwritten` for a file older than its step.

    Args:
        state: The state of the file.
        begin_ns: When the step began that declares it as an output; 0 for inputs.
    """
    size, mtime_ns, ctime_ns, inode, dev = state
    flag = ',"unwritten":true' if begin_ns and is_older(state, begin_ns) else ""
    return (
        f',"stat":{{"size":{size},"mtime_ns":{mtime_ns},"ctime_ns":{ctime_ns}'
        f',"inode":{inode},"dev":{dev}}}{flag}'
    )


def file_members(path: str | None, begin_ns: int = 0) -> str:
    """Return the members about a file's state; none where no file lies."""
    state = None if path is None else look(path)
    return "" if state is None else state_members(state, begin_ns)


def begun_member(begin_ns: int) -> str:
    """Return the member by which the background sees whether a folder was written.

    Args:
        begin_ns: When the step began that declares the folder as an output; or 0.
    """
    return f',"begun":{begin_ns}e-9' if begin_ns else ""


def is_older(state: FileState, begin_ns: int) -> bool:
    """Whether a file was last written before a moment."""
    before_ns = begin_ns - TICK_NS
    return state[1] < before_ns and state[2] < before_ns


def place_members(
    text: str, shown: str, path: str | None, key: str = "", *, is_folder: bool = False
) -> str:
    """Return the members that locate a path or address when the app names it.

    Args:
        text: The path or address with its secrets.
        shown: The same with secrets masked.
        path: What `local_path` says of the text.
        key: Keys the hash by which masked names stay different.
        is_folder: Whether it names a folder.
    """
    if path is None:
        if shown == text:
            return ""  # Its canonical form is made in the background.
        name = distinct_name(text, shown, key=key, is_folder=is_folder)
        return f',"canonical":{quote(name)}'
    if path is text:
        path = shown
    if shown != text:
        path = distinct_name(text, shown, key=key).removeprefix("file:")
    quoted = quote(whole := absolute(path))
    own = _own_bytes(whole) if "\\ufffd" in quoted else ""
    return f',"local_path":{quoted},"machine":{machine_name()}{own}'


def _own_bytes(path: str) -> str:
    """Return the member by which the background finds a file whose name is no text."""
    try:
        raw = quote_from_bytes(os.fsencode(path), safe=_NO_ESCAPE)
        return f',"path_bytes":{quote(raw)}'
    except UnicodeEncodeError:
        return ""  # No file has such a name.


def absolute(path: str) -> str:
    """Return a path as it is from now on, wherever the app goes."""
    # `abspath` costs as much as the stat, and most paths do not need it.
    if path[:1] == _ROOT and "/." not in path and "//" not in path and path[-1] != "/":
        return path
    inner = f"{path}/".lstrip("./")
    try:
        if "/../" in inner and _ROOT:
            # A name before `..` may be a link; then `..` is the folder around its
            # target. Leading dots belong to the working directory, which is no link.
            at = f"{path}/".rindex("/../") + 3
            path = os.path.realpath(path[:at]) + path[at:]
        folded = os.path.abspath(path)
    except FileNotFoundError:
        folded = os.path.normpath(os.path.join(_removed_folder(), path))
    return folded[1:] if folded[:2] == "//" else folded


def masked_place(recorder: Recorder, text: str, path: str | None) -> str:
    """Return a path or address with its secrets masked.

    What `token=1/x` means shows where it lies: a partition is no secret.

    Args:
        recorder: Masks.
        text: The path or address as the app wrote it.
        path: What `local_path` says of it.
    """
    shown = recorder.mask(text)
    if path is None or shown == text:
        return shown
    whole = absolute(path)
    return text if recorder.mask(whole) == whole else shown


def _removed_folder() -> str:
    """Return the working directory that somebody has deleted.

    Raises:
        OSError: The system does not say where it was.
    """
    return os.readlink("/proc/self/cwd").removesuffix(" (deleted)")


class Artifact(Protocol):
    """What an edge must know of an artifact."""

    kind: str
    id: Any
    name: str | None
    place: str | None


class Edge(Protocol):
    """Where an edge belongs, and what it says beside its artifact."""

    scope: StepContext
    texts: list[str]
    derived: str
    is_early: bool


def append_artifact(
    recorder: Recorder,
    edge: Edge,
    artifact: Artifact,
    prefix: str,
    members: str,
    *,
    is_input: bool,
) -> None:
    """Add the texts of an artifact's edge.

    Args:
        recorder: The recorder of the edge's task.
        edge: Where it belongs.
        artifact: What was used or produced.
        prefix: The members for direction and kind.
        members: More members, part of what makes it the same fact.
        is_input: Whether it is an input.
    """
    identity: int | str = artifact.id
    scope, trailing = edge.scope, ""
    if artifact.name is not None:
        name = recorder.mask(artifact.name[:_LONGEST_LOOK])
        name = shorten(name, MAX_NAME_LENGTH)
        trailing = f',"name":{quote(name)}'
    if isinstance(identity, str):
        text = identity
        path = None if artifact.kind in TEXT_KINDS else local_path(text)
        identity = masked_place(recorder, text, path)
        is_folder = artifact.kind == "folder"
        key = recorder.settings.mask_key or ""
        named, shown, where = text, identity, path
        if path is not None and shown != text:
            # What is masked differs by the whole path, however it is written.
            named = where = absolute(path)
            shown = recorder.mask(named)
        place = place_members(named, shown, where, key, is_folder=is_folder)
        members += place
        if edge.is_early and not is_input:
            ids = (text, identity)
            _declare_early(recorder, edge, prefix, ids, (members, trailing, place))
            return
        if artifact.kind == "file":
            members += file_members(path, 0 if is_input else scope.at)
        elif is_folder and not is_input:
            trailing += begun_member(scope.at)
    elif artifact.place is not None:
        trailing += _platform_place(recorder, artifact.kind, artifact.place)
    append_edge(
        recorder,
        edge.texts,
        scope,
        prefix,
        identity,
        is_input,
        members,
        trailing,
        edge.derived,
    )


def _platform_place(recorder: Recorder, kind: str, place: str) -> str:
    """Return the member that says where the platform has an object given by its id.

    A file is known by its path there: who names it so means the same file.
    """
    if kind != "file":
        return f',"aliases":[{quote(place)}]'
    shown = recorder.mask(place)
    if shown != place:
        name = distinct_name(place, shown, key=recorder.settings.mask_key or "")
        place = name.removeprefix("file:")
    return f',"canonical":{quote(place)}'


def _declare_early(
    recorder: Recorder,
    edge: Edge,
    prefix: str,
    ids: tuple[str, str],
    details: tuple[str, str, str],
) -> None:
    """Record an output that the lines after its declaration may write."""
    scope, derived = edge.scope, edge.derived
    text, identity = ids
    members, trailing, place = details

    def append(texts: list[str], state: str) -> bool:
        return append_edge(
            recorder,
            texts,
            scope,
            prefix,
            identity,
            False,
            members + state,
            trailing,
            derived,
        )

    kind, path = kind_of(prefix), local_path(text)
    edge.texts += recorder.declare_output(
        scope,
        append,
        kind=kind,
        path=None if path is None else absolute(path),
        key=f"{prefix}{text}{members}",
        members=f',"kind":"{kind}","id":{quote(identity)}{place}',
    )


def _input_ref(prefix: str, identity: int | str, members: str) -> InputRef:
    # What is repeated on purpose is one input all the same.
    is_bare = not members or ',"repeat":' in members
    return (prefix, identity) if is_bare else (prefix, identity, members)


def append_edge(
    recorder: Recorder,
    texts: list[str],
    scope: StepContext,
    prefix: str,
    identity: int | str,
    is_input: bool,
    members: str = "",
    trailing: str = "",
    derived: str = "",
) -> bool:
    """Add the text of one edge to `texts`, unless its task has recorded it before.

    An output is recorded again where it comes from other inputs, and an input where
    the task has produced it since.

    Args:
        recorder: The recorder of the edge's task.
        texts: Where to add it; `write` writes them.
        scope: The step in which it happened.
        prefix: The members for direction and kind.
        identity: The artifact's id; text must be masked already.
        is_input: Whether it is an input.
        members: More members, part of what makes it the same fact.
        trailing: Members that are not, as a display name.
        derived: The member `derived_from` of an output that names its inputs.
    """
    task, at = scope.task, time_ns()
    scope.at = scope.at or at
    seen = task.seen[prefix]
    key = (identity, members) if members else identity
    is_new = seen.claim(key, at)
    shown = identity if type(identity) is int else quote(str(identity))
    if is_input:
        body = f'{prefix},"id":{shown}{members}{trailing}'
        ref = _input_ref(prefix, identity, members)
        scope.note_in_block(ref, body)
        if is_new:
            scope.add_input(ref, at)
        elif not note_repeated_use(scope, ref, body, at):
            return False
    else:
        source = source_of(scope)
        is_due = has_other_sources(
            scope, source, prefix, identity, members, derived, at, is_new=is_new
        )
        if not is_due:
            return False
        _append_unrecorded(recorder, texts, is_due, f'{prefix},"id":{shown}')
        append_repeated_around(texts, source)
        derived = derived or _scope_member(recorder, texts, scope, source)
        note_output(source, prefix, identity, at, is_new=is_new)
        if not is_new and type(seen.get(key)) is not tuple:
            seen[key] = at
    if not is_new:
        trailing += AGAIN
    if task.is_pending:
        recorder.append_task(task, at, texts)
        members = with_card(task, members)
        task.is_pending = False
    if len(seen) > MAX_SEEN // 2:
        task.forget_oldest(MAX_SEEN)
    texts.append(
        f'{task.edge_head}{at}e-9,{prefix},"id":{shown}{members}{trailing}'
        f"{scope.step_ref or scope.step_member(at)}{derived}}}"
    )
    return True


def _append_unrecorded(
    recorder: Recorder, texts: list[str], output: bool | Unrecorded, body: str
) -> None:
    """Add the text of an output that was left out where it was made, if it is one."""
    if isinstance(output, bool):
        return
    scope, source, at = output.scope, output.source, output.at
    append_repeated_around(texts, source)
    derived = output.derived or _scope_member(recorder, texts, scope, source)
    step = scope.step_ref or scope.step_member(at)
    head = f"{scope.task.edge_head}{at}e-9,"
    texts.append(f"{head}{body}{output.members}{AGAIN}{step}{derived}}}")


def _scope_member(
    recorder: Recorder, texts: list[str], scope: StepContext, source: StepContext
) -> str:
    """Return the member that says whose inputs an output derives from."""
    if source.parent is None:
        return ""
    if source is not scope and not source.is_emitted:
        # The step around it must be known before it is referred to.
        texts[:0] = recorder.take_step_ends()
        source.is_referenced = True
    return f',"scope":{source.key or source.ensure_key()}'


def write(recorder: Recorder, texts: list[str]) -> None:
    """Write facts; also flush pending step ends once there are too many."""
    if len(recorder.ends) > MAX_PENDING_ENDS:
        is_kept = recorder.keep_many([*recorder.take_step_ends(), *texts])
    elif len(texts) == 1:
        is_kept = recorder.keep(texts[0])
    else:
        is_kept = recorder.keep_many(texts)
    if not is_kept:
        recorder.forget(texts)
