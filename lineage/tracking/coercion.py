"""Coercion: turns a source's value into a reference to an artifact of a kind."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, KeysView, Mapping, ValuesView
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ..errors import SourceError
from ..model.kinds import KINDS, TEXT_KINDS
from ..model.platform_places import dataset_place
from ..model.refs import Ref
from .path_objects import path_of
from .sources import is_digits

LARGEST_ID: Final = 2**63 - 1
_LONGEST_PATH: Final = 4096

#: Class names of Info objects (ours and the SDK's) and the kind each stands for.
_INFO_KINDS: Final = {
    name: row.name for row in KINDS.values() for name in row.info_names
}
#: The attributes of an Info object that hold its id, the first that is set.
_ID_FIELDS: Final = {
    "task": ("task_id", "id"),
    "app": ("task_id", "id"),
    "file": ("id", "path"),
}

#: Kinds whose id may be a path or a URI: any text that is no number.
_PATH_KINDS: Final = ("file", "folder")

_MANY: Final = (list, tuple, set, frozenset, KeysView, ValuesView)
#: How many values of one source are recorded, and how deep lists may be nested.
_MAX_VALUES: Final = 10_000
_MAX_DEPTH: Final = 8
#: Types of arrays whose elements may be ids: whole numbers, objects, text.
_ID_DTYPES: Final = "iuOUT"


@dataclass(slots=True)  # not frozen: that would double what making one costs
class ArtifactRef:
    """An artifact to record: its kind and id, and what else its value holds."""

    kind: str
    id: int | str
    value: Any
    """The value itself, of which cards are made."""
    name: str | None = None
    is_model: bool = False
    version_id: int | None = None
    version_num: int | None = None
    place: str | None = None
    """Where the platform has it: a file's path, a dataset's project and own id."""


def info_kind(value: object) -> str | None:
    """Return the kind for which an Info object stands; None for other objects."""
    for cls in type(value).__mro__:
        kind = _INFO_KINDS.get(cls.__name__)
        if kind is not None:
            return kind
    return None


def flatten(value: Any) -> Iterator[Any]:
    """Yield the single values of a source; None counts as no value.

    A list means many. An iterator is left alone: reading it would take values away
    from the app.

    Raises:
        SourceError: It holds too many values, or is an array that holds no ids.
    """
    if type(value) is str:
        yield value
        return
    for count, item in enumerate(_leaves(value, 0)):
        if count >= _MAX_VALUES:
            raise SourceError(
                f"more than {_MAX_VALUES} values: the first {_MAX_VALUES} are "
                "recorded; declare the folder or dataset that holds them"
            )
        yield item


def _leaves(value: Any, depth: int) -> Iterator[Any]:
    if value is None:
        return
    if isinstance(value, _MANY) and not _is_single(value):
        if depth >= _MAX_DEPTH:
            raise SourceError(f"lists nested more than {_MAX_DEPTH} deep name no ids")
        for item in value:
            yield from _leaves(item, depth + 1)
    elif hasattr(value, "tolist") and hasattr(value, "ndim"):
        listed = _listed(value)
        yield from listed if isinstance(listed, list) else (listed,)
    else:
        yield value


def _is_single(value: Any) -> bool:
    """Whether a tuple is one value: an Info object, or the parts of a URL."""
    return (
        info_kind(value) is not None
        or hasattr(type(value), "geturl")
        or "id" in getattr(type(value), "_fields", ())
    )


def _listed(array: Any) -> Any:
    """Return the elements of a short array of ids; other arrays are data, not ids."""
    dtype = getattr(getattr(array, "dtype", None), "kind", "")
    is_ids = array.ndim == 0 or (array.ndim == 1 and dtype and dtype in _ID_DTYPES)
    if not is_ids or (array.ndim and len(array) > _MAX_VALUES):
        shape = tuple(getattr(array, "shape", ()))
        raise SourceError(
            f"expected ids, got {type(array).__name__} of shape {shape}; a list of at "
            f"most {_MAX_VALUES} ids or paths can be declared"
        )
    return array.tolist()


def to_artifact_ref(value: Any, kind: str | None) -> ArtifactRef:
    """Convert one value into a reference to an artifact.

    Args:
        value: An id, digits, a path, an Info object (also as a dict) or a ref.
        kind: The declared kind; None takes the kind of the value itself.

    Raises:
        SourceError: The value is of the wrong kind.
    """
    if type(value) is str and kind in _PATH_KINDS:  # what most paths are
        # Most paths begin with no digit, and need no closer look.
        if kind == "folder" or not value[:1].isdigit() or not is_digits(value):
            return ArtifactRef(kind, _checked_path(value), value)
    elif isinstance(value, Ref):
        return _of_ref(value, kind)
    own_kind = info_kind(value)
    if own_kind is not None:
        return _of_info(value, own_kind, kind)
    if kind is None:
        raise _wrong(value, "an Info object or a ref such as lineage.project(1)")
    record = _record_of(value)
    if record is not None:
        return _of_record(record, value, kind)
    if kind in _PATH_KINDS:
        path = path_of(value)
        is_id = kind == "file" and isinstance(value, str) and is_digits(value)
        if path is not None and not is_id:
            return ArtifactRef(kind, _checked_path(path), value)
    read = _as_text if kind in TEXT_KINDS or kind == "folder" else _as_id
    return ArtifactRef(kind, read(value, kind), value)


def _of_ref(ref: Ref, kind: str | None) -> ArtifactRef:
    if kind is not None and ref.kind != kind:
        raise _wrong(ref, f"a {kind}, not a {ref.kind}")
    return ArtifactRef(
        ref.kind,
        to_artifact_ref(ref.id, ref.kind).id,
        ref,
        name=ref.name,
        is_model=ref.is_model,
        version_id=ref.version_id,
        version_num=ref.version_num,
    )


def _of_info(info: Any, own_kind: str, kind: str | None) -> ArtifactRef:
    if kind == "folder" and own_kind == "file" and getattr(info, "is_dir", False):
        return ArtifactRef("folder", _checked_path(info.path), info)
    if kind == "app" and own_kind == "task":
        own_kind = "app"
    if kind is not None and own_kind != kind:
        raise _wrong(info, f"a {kind}, not a {own_kind}")
    fields = _ID_FIELDS.get(own_kind, ("id",))
    found = (getattr(info, field, None) for field in fields)
    id = next((value for value in found if value is not None), None)
    if id is None:
        raise SourceError(f"{type(info).__name__} has no id", subject=info)
    name = getattr(info, "name", None)
    own_name = name if isinstance(name, str) and name else None
    known = to_artifact_ref(id, own_kind).id
    place = _place(own_kind, known, partial(getattr, info))
    return ArtifactRef(own_kind, known, info, name=own_name, place=place)


def _record_of(value: Any) -> Mapping[str, Any] | None:
    """Return an Info object in another form as a mapping: a dict, or a named tuple."""
    if isinstance(value, Mapping):
        return value
    is_address = hasattr(type(value), "geturl")  # It has a `path` as well.
    if isinstance(value, tuple) and hasattr(value, "_asdict") and not is_address:
        return dict(value._asdict())
    return None


def _of_record(record: Mapping[str, Any], value: Any, kind: str) -> ArtifactRef:
    """Take an Info object by its shape: the declared kind says what its id names."""
    fields = ("path",) if kind == "folder" else _ID_FIELDS.get(kind, ("id",))
    id = next((record[name] for name in fields if record.get(name) is not None), None)
    # A lone id could be that of anything, so it is not an Info object's shape.
    if id is None or len(record) == 1 or isinstance(id, (Mapping, tuple)):
        raise SourceError(
            f"a {kind} given as {type(value).__name__} has the fields of its Info "
            f"object, among them {' or '.join(fields)}",
            subject=value,
        )
    name = record.get("name")
    own_name = name if isinstance(name, str) and name else None
    known = to_artifact_ref(id, kind).id
    place = _place(kind, known, record.get)
    return ArtifactRef(kind, known, value, name=own_name, place=place)


def _place(kind: str, id: int | str, member: Callable[..., Any]) -> str | None:
    """Return where the platform has the object that an Info object describes.

    Args:
        kind: Its kind.
        id: Its id.
        member: Returns a field by its name, or what is given for one that is absent.
    """
    if kind == "file" and isinstance(id, int):
        path = member("path", None)
        is_place = type(path) is str and 1 < len(path) <= _LONGEST_PATH
        return path if is_place and path[0] == "/" and "\x00" not in path else None
    if kind == "dataset":
        project = member("project_id", None) or member("projectId", None)
        if type(project) is int and 0 < project <= LARGEST_ID:
            return dataset_place(project, id)
    return None


def _checked_path(path: str) -> str:
    if not path:
        raise SourceError("an empty text names nothing")
    if "\x00" in path or len(path) > _LONGEST_PATH:
        raise SourceError(
            f"a text of {len(path)} characters is no path or name: {path[:60]!r}"
        )
    return path


def _as_text(value: Any, kind: str) -> str:
    if kind in _PATH_KINDS:  # A path was looked for before.
        raise _wrong(value, f"the path of a {kind}")
    if not isinstance(value, str):
        raise _wrong(value, f"the name or address of a {kind}")
    return _checked_path(value)


def _as_id(value: Any, kind: str) -> int:
    expected = f"the id of a {kind} (a whole number above zero)"
    if kind in _PATH_KINDS:
        expected = f"the path of a {kind}, or its id"
    if isinstance(value, bool):
        raise _wrong(value, expected)
    if isinstance(value, str):
        if not is_digits(value):
            raise _wrong(value, expected)
        number = int(value)
    elif hasattr(type(value), "__index__"):
        number = operator.index(value)
    else:
        raise _wrong(value, expected)
    if not 0 < number <= LARGEST_ID:
        raise _wrong(value, expected)
    return number


def _wrong(value: Any, expected: str) -> SourceError:
    if isinstance(value, str):
        shown = f" {value[:80]!r}"
    elif isinstance(value, Ref):
        shown = f" {str(value)[:80]!r}"
    elif isinstance(value, float) or (isinstance(value, int) and value < 2**128):
        shown = f" {value!r}"[:80]
    elif isinstance(value, bytes):  # More often they are content than a path.
        hint = "; os.fsdecode(path) makes text of a path" if "path" in expected else ""
        return SourceError(f"expected {expected}, got bytes{hint}")
    else:  # Showing it may cost more than all the rest.
        return SourceError(f"expected {expected}, got {type(value).__name__}")
    name = type(value).__name__
    return SourceError(f"expected {expected}, got {name}{shown}", subject=value)
