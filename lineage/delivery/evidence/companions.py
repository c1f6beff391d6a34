"""Companions: files that hold a part of the content of a declared one."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from ...model.limits import MAX_COMPANIONS
from .ome_tiff import named_files

#: What is read of a file to find the names of its companions.
_MAX_SCANNED: Final = 64 * 1024 * 1024
_MAX_INDEX: Final = 64 * 1024 * 1024
#: Fellows of a shapefile, which are named as it is.
_SHAPEFILE: Final = (".shx", ".dbf", ".prj", ".cpg", ".sbn", ".sbx", ".qix")
#: What GDAL reads beside a TIFF: overviews, a mask, and where on Earth it lies. What it
#: writes when it only reads, `.aux.xml`, is none of it.
_GEOTIFF: Final = (".ovr", ".msk")
_WORLD: Final = (".tfw", ".tifw", ".tiffw", ".wld")
#: Images that may name other files with parts of them.
_OME: Final = (".ome.tif", ".ome.tiff", ".ome.tf2", ".ome.tf8", ".ome.btf")
#: In ONNX: an entry `location` of a tensor's external data, as protobuf has it.
_LOCATION: Final = re.compile(rb"\x0a\x08location\x12(.)(.{1,127})", re.S)
#: The first shard of a GGUF model, by which it is loaded: it may hold no weights.
_FIRST_SHARD: Final = re.compile(r"(.+)-00001-of-(\d{5})\.gguf", re.S)


def companion_names(path: str) -> list[str]:
    """Return the names of a file's companions, relative to its folder.

    A name that the file itself mentions is returned also where no such file lies.

    Raises:
        OSError: The file cannot be read.
    """
    folder, name = os.path.split(path)
    stem, suffix = os.path.splitext(name)
    if suffix == ".onnx":
        return sorted(set(_external_data(path)))
    if name.endswith(".index.json"):
        return sorted(set(_shards(path)))
    if suffix == ".shp":
        return _present(folder, (stem + fellow for fellow in _SHAPEFILE))
    if suffix.lower() in (".tif", ".tiff", ".tf2", ".tf8", ".btf"):
        return _tiff(path)
    if suffix == ".index":
        return _tensorflow(folder, stem)
    if suffix == ".gguf":
        return _gguf(name)
    logs = _present(folder, (name + "-wal", name + "-journal"))
    return [log for log in logs if os.path.getsize(os.path.join(folder, log))]


def combined_digest(parts: Iterable[tuple[str, str]]) -> str:
    """Return one digest over names and digests: `sha256sum`'s own lines, hashed."""
    lines = "".join(
        f"{digest.removeprefix('sha256:')}  {name}\n" for name, digest in sorted(parts)
    )
    return f"sha256:{hashlib.sha256(lines.encode('utf-8', 'replace')).hexdigest()}"


def _present(folder: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if os.path.isfile(os.path.join(folder, name))]


def _external_data(path: str) -> list[str]:
    with open(path, "rb") as file:
        content = file.read(_MAX_SCANNED)
    found = []
    for match in _LOCATION.finditer(content):
        length = match[1][0]
        if 0 < length <= len(match[2]):
            found.append(match[2][:length].decode("utf-8", "replace"))
    return found


def _shards(path: str) -> list[str]:
    """Return the files that the index of sharded weights names."""
    text = Path(path).read_bytes()[:_MAX_INDEX]
    try:
        index: Any = json.loads(text)
    except ValueError:
        return []
    names = index.get("weight_map") if isinstance(index, dict) else None
    if not isinstance(names, dict):
        return []
    return [name for name in names.values() if isinstance(name, str)]


def _tiff(path: str) -> list[str]:
    folder, name = os.path.split(path)
    stem, _ = os.path.splitext(name)
    beside = [name + end for end in _GEOTIFF] + [stem + end for end in _WORLD]
    found = _present(folder, beside)
    if name.lower().endswith(_OME):
        found += [other for other in named_files(path) if other != name]
    return found


def _gguf(name: str) -> list[str]:
    found = _FIRST_SHARD.fullmatch(name)
    if found is None:
        return []
    # One more than the bound says that there are too many.
    last = min(int(found[2]), MAX_COMPANIONS + 2)
    return [f"{found[1]}-{n:05}-of-{found[2]}.gguf" for n in range(2, last + 1)]


def _tensorflow(folder: str, stem: str) -> list[str]:
    try:
        names = os.listdir(folder or ".")
    except OSError:
        return []
    return sorted(n for n in names if n.startswith(f"{stem}.data-"))[:MAX_COMPANIONS]
