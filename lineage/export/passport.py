"""A passport: all formats of a record with the digests of its files, in one folder."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from ..errors import LineageError
from ..model.addresses import local_path
from ..model.graph import Node
from ..model.readable_json import json_text
from .formats import FORMATS
from .record import GraphRecord, hex_digest, text_of, utc
from .ro_crate import to_ro_crate

MANIFEST: Final = "manifest.json"
_PIECE: Final = 1024 * 1024
#: Kinds of which the files themselves may be in a passport.
_FILES: Final = frozenset({"file", "folder", "model_weight"})


class PassportError(LineageError):
    """The passport cannot be written where it was asked for."""


@dataclass(frozen=True, slots=True)
class PassportReport:
    """What was written, and what could not be put in."""

    path: Path
    files: tuple[str, ...]
    missing: tuple[str, ...]
    """Files and folders that were asked for and are not in it, each with the reason."""


def write_passport(
    record: GraphRecord, out: Path, *, with_files: bool = False
) -> PassportReport:
    """Write all formats of a record, and the manifest of what it names.

    Args:
        record: What to write.
        out: A folder that is new or empty, or a file that ends in `.zip`.
        with_files: Also copy the files of the artifacts, where they are here and have
            the recorded digest. Folders are not copied.

    Raises:
        PassportError: The folder has other files in it, or the file exists.
    """
    is_zip = out.suffix.lower() == ".zip"
    if out.exists() and (is_zip or not out.is_dir() or any(out.iterdir())):
        raise PassportError(
            f"{out} exists; name a new folder, an empty one, or a new .zip file"
        )
    out.parent.mkdir(parents=True, exist_ok=True)
    # A passport that could not be finished leaves nothing behind.
    with tempfile.TemporaryDirectory(dir=out.parent) as name:
        folder = Path(name) / "passport"
        folder.mkdir()
        missing = _fill(folder, record, with_files=with_files)
        files = sorted(
            p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()
        )
        if is_zip:
            _pack(folder, files, Path(name) / "passport.zip")
            os.replace(Path(name) / "passport.zip", out)
        else:
            if out.exists():
                out.rmdir()
            os.replace(folder, out)
    return PassportReport(out, tuple(files), tuple(missing))


def _fill(folder: Path, record: GraphRecord, *, with_files: bool) -> list[str]:
    lying: dict[str, str] = {}
    missing: list[str] = []
    if with_files:
        lying, missing = _copy_files(folder, record)
    for row in FORMATS.values():
        text = (
            to_ro_crate(record, lying) if row.name == "ro-crate" else row.write(record)
        )
        (folder / row.file).write_text(text, encoding="utf-8", newline="")
    manifest = {
        "selector": record.selector,
        "exported_at": utc(record.exported_at),
        "is_complete": record.is_complete,
        "artifacts": [_entry(node, lying) for node in record.artifacts()],
        "documents": {row.file: _sha256(folder / row.file) for row in FORMATS.values()},
    }
    text = json_text(manifest, indent=1)
    (folder / MANIFEST).write_text(text, encoding="utf-8", newline="")
    return missing


def _entry(node: Node, lying: dict[str, str]) -> dict[str, object]:
    entry: dict[str, object] = {
        "key": node.key,
        "kind": node.kind,
        "name": node.name,
        "id": node.id,
        "version": node.version,
        "size": node.size,
        "sha256": hex_digest(node),
        "file": lying.get(node.key),
    }
    return {name: value for name, value in entry.items() if value is not None}


def _copy_files(folder: Path, record: GraphRecord) -> tuple[dict[str, str], list[str]]:
    lying: dict[str, str] = {}
    missing: list[str] = []
    for node in record.artifacts():
        if node.kind not in _FILES:
            continue
        reason = _why_not(node)
        if reason is None:
            source = Path(local_path(node.id) or "")
            number = node.key.partition(":")[2]
            target = folder / "files" / number / (text_of(source.name) or "file")
            if _copy(source, target, hex_digest(node) or ""):
                lying[node.key] = target.relative_to(folder).as_posix()
            else:
                reason = "it is not here in the recorded version"
        if reason is not None:
            missing.append(f"{text_of(node.name)} ({node.key}): {reason}")
    return lying, missing


def _why_not(node: Node) -> str | None:
    """Return why a file cannot be copied, as far as the record shows it."""
    if node.kind == "folder":
        return "folders are not copied"
    if local_path(node.id) is None:
        return "it is no file of a machine"
    return "its content was not recorded" if hex_digest(node) is None else None


def _copy(source: Path, target: Path, digest: str) -> bool:
    """Copy a file whose content still is the recorded version."""
    if not source.is_file():
        return False
    target.parent.mkdir(parents=True)
    try:
        shutil.copyfile(source, target)
    except PermissionError:
        target.parent.rmdir()
        return False
    if _sha256(target) == digest:
        return True
    target.unlink()
    target.parent.rmdir()
    return False


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
    return digest.hexdigest()


def _pack(folder: Path, files: list[str], target: Path) -> None:
    with zipfile.ZipFile(target, "x", zipfile.ZIP_DEFLATED) as archive:
        for name in files:
            archive.write(folder / name, name)
