"""The built page: small, split, cached by hash, with its licences."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest
from source_tree import ROOT

from lineage.instance.openapi import text
from lineage.instance.page.routes import STATIC

KB = 1000
ALL_KB, FIRST_KB = 700, 250


def size_kb(path: Path) -> float:
    """The compressed size of a file."""
    return len(gzip.compress(path.read_bytes())) / KB


@pytest.mark.usefixtures("built")
def test_the_page_is_small() -> None:
    """All of it and what the first view needs stay within their bounds."""
    files = [path for path in STATIC.rglob("*") if path.suffix in {".js", ".css"}]
    assert sum(map(size_kb, files)) < ALL_KB
    index = (STATIC / "index.html").read_text("utf-8")
    first = [STATIC / name for name in re.findall(r'(assets/[^"]+)"', index)]
    assert first
    assert sum(map(size_kb, first)) < FIRST_KB


@pytest.mark.usefixtures("built")
def test_the_page_is_split_and_named_by_hash() -> None:
    """Views load when they are opened; a name never stands for other content."""
    names = [path.name for path in (STATIC / "assets").iterdir()]
    assert len(names) > 5
    assert all(re.search(r"-[\w-]{8}\.(js|css)$", name) for name in names)


@pytest.mark.usefixtures("built")
def test_nothing_is_inline_or_from_elsewhere() -> None:
    """The index holds no script, no style, and no address of another machine."""
    index = (STATIC / "index.html").read_text("utf-8")
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\son\w+=|https?://", index)


@pytest.mark.usefixtures("built")
def test_the_notice_names_what_is_bundled() -> None:
    """Each bundled work is there with its licence."""
    notice = (STATIC / "NOTICE.txt").read_text("utf-8")
    for work in (
        "react ",
        "react-dom ",
        "@xyflow/react ",
        "dompurify ",
        "lucide-react ",
    ):
        assert work in notice
    assert "Permission is hereby granted" in notice


def test_the_lock_records_no_addresses() -> None:
    """What is installed is pinned by digest; where it comes from is npm's setting."""
    lock = json.loads((ROOT / "web" / "package-lock.json").read_text("utf-8"))
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert packages
    assert all("resolved" not in one for one in packages.values())
    assert all(one["integrity"].startswith("sha512-") for one in packages.values())


def test_the_client_is_made_from_the_servers_description() -> None:
    """The committed description is the one that the server gives now."""
    committed = (ROOT / "web" / "openapi.json").read_text("utf-8")
    assert committed == text(), (
        "run: python -m lineage.instance.openapi > web/openapi.json"
    )
