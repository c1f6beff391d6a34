"""Locations: two artifacts on two machines, one on what both of them mount."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import pytest

from lineage.delivery.evidence.locations import Locations

NFS = "40 1 0:50 / /mnt/a rw - nfs4 Filer:/export rw\n"
BIND = "41 1 0:50 /sub /mnt/b\\040c rw - nfs4 filer:/export rw\n"
OVER = "42 40 8:1 / /mnt/a/local rw shared:1 - ext4 /dev/sda1 rw\n"
OTHERS = (
    "43 1 0:51 / /mnt/smb rw - cifs //Server/Share rw\n"
    "44 1 0:52 / /mnt/l rw - lustre mgs@tcp:/scratch rw\n"
    "45 1 0:53 / /mnt/ssh rw - fuse.sshfs me@host:/data rw\n"
    "46 1 0:54 / /mnt/gcs rw - fuse.gcsfuse my-bucket rw\n"
)
ROOT = "1 0 8:1 / / rw - ext4 /dev/sda1 rw\nno mount at all\n"


def edge(path: str, *, id: str | None = None, **more: Any) -> dict[str, Any]:
    """Make the members of an edge that name a local path."""
    at = time.time()
    return {"kind": "file", "id": id or path, "local_path": path, "at": at, **more}


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    """Return a list of mounts."""
    file = tmp_path / "mountinfo"
    file.write_text(ROOT + NFS + BIND + OVER + OTHERS)
    return file


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/etc/x", "file://m1/etc/x"),
        ("/mnt/a/x", "nfs://filer/export/x"),
        ("/mnt/b c/x", "nfs://filer/export/sub/x"),
        ("/mnt/a/local/x", "file://m1/mnt/a/local/x"),
        ("/mnt/ab", "file://m1/mnt/ab"),
        ("/mnt/smb/x", "smb://server/Share/x"),
        ("/mnt/l/x", "lustre://mgs@tcp/scratch/x"),
        ("/mnt/ssh/x", "sftp://host/data/x"),
        ("/mnt/gcs/x", "gs://my-bucket/x"),
        ("/dbfs/mnt/x", "dbfs:/mnt/x"),
    ],
)
def test_a_path_is_known_by_machine_or_share(
    mounts: Path, path: str, name: str, monkeypatch: Any
) -> None:
    """A shared file system has one name wherever it is mounted."""
    monkeypatch.setattr(os.path, "lexists", lambda _: True)
    assert Locations("m1", mounts=mounts).name(edge(path))["canonical"] == name


def test_an_export_mounted_twice_on_two_machines_is_one(mounts: Path) -> None:
    """The server and the export make the identity, and both paths find it."""
    other = mounts.with_name("other")
    other.write_text(ROOT + "9 1 0:9 / /data rw - nfs filer:/export rw\n")
    one = Locations("m1", mounts=mounts).name(edge("/mnt/a/x", id="x"))
    two = Locations("m2", mounts=other).name(edge("/data/x", id="x"))
    assert one["canonical"] == two["canonical"]
    assert one["aliases"] == ["/mnt/a/x"]


def test_a_fact_of_another_machine_is_named_by_it(tmp_path: Path) -> None:
    """Whoever delivers a fact does not look for its path on the own disk."""
    named = Locations("m1").name(edge(str(tmp_path), machine="m2"))
    assert named == {"canonical": f"file://m2{tmp_path}", "aliases": [str(tmp_path)]}


def test_a_link_is_known_by_what_it_leads_to(tmp_path: Path) -> None:
    """The target is the artifact, the link's own path an alias for look-ups."""
    target, link = tmp_path / "epoch3.ckpt", tmp_path / "latest.ckpt"
    target.write_text("x")
    link.symlink_to(target)
    stat = {"inode": target.stat().st_ino}
    named = Locations("m").name(edge(str(link), stat=stat))
    aliases = [str(link), f"file://m{link}"]
    assert named == {"canonical": f"file://m{target}", "aliases": aliases}


def test_a_link_that_was_moved_since_stays_itself(tmp_path: Path) -> None:
    """What a link leads to later is not what the task used, of a file or its folder."""
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "m.pt").write_text(name)
    before, inode = time.time() - 1, (tmp_path / "old" / "m.pt").stat().st_ino
    folder, file = tmp_path / "run", tmp_path / "m.pt"
    folder.symlink_to(tmp_path / "new")
    file.symlink_to(tmp_path / "new" / "m.pt")
    for path in (file, folder / "m.pt"):
        moved = edge(str(path), at=before, stat={"inode": inode})
        assert Locations("m").name(moved) == {"canonical": f"file://m{path}"}
        assert Locations("m").name(moved | {"stat": {}}) == {
            "canonical": f"file://m{path}"
        }


def test_a_link_leads_to_a_file_that_was_replaced(tmp_path: Path) -> None:
    """A target with another inode by now is the target: the link is older."""
    target, link = tmp_path / "ck.pt", tmp_path / "latest"
    link.symlink_to(target)
    named = Locations("m").name(edge(str(link), stat={"inode": 1}))
    assert named["canonical"] == f"file://m{target}"


def test_a_location_is_set_by_hand(tmp_path: Path) -> None:
    """`LINEAGE_LOCATIONS` maps a folder to the address it is known by."""
    mapped = [(str(tmp_path), "S3A://Bucket/data/"), ("/", "file://laptop")]
    locations = Locations("m", mapped)
    assert locations.name(edge(f"{tmp_path}/x"))["canonical"] == "s3://bucket/data/x"
    assert locations.name(edge("/etc/x"))["canonical"] == "file://laptop/etc/x"


def test_a_link_in_a_folder_that_is_mapped_is_what_it_leads_to(tmp_path: Path) -> None:
    """Also where the folder itself is reached by a link, and not where it leads out."""
    data, mount, other = tmp_path / "data", tmp_path / "mnt", tmp_path / "other"
    data.mkdir()
    mount.symlink_to(data)
    for place in (data / "epoch3.ckpt", other):
        place.write_text("x")
    for name, target in (("latest", "epoch3.ckpt"), ("out", other)):
        (data / name).symlink_to(target)
    locations = Locations("m", [(str(mount), "s3://b/data")])
    named = locations.name(edge(f"{mount}/latest"))
    assert named["canonical"] == "s3://b/data/epoch3.ckpt"
    assert {f"{mount}/latest", "s3://b/data/latest"} <= set(named["aliases"])
    assert locations.name(edge(f"{mount}/out"))["canonical"] == "s3://b/data/out"


def test_an_absolute_path_that_lies_nowhere_here_has_no_machine() -> None:
    """A path of the instance's files is the same from every machine."""
    named = Locations("m").name(edge("/no such folder/best.pt"))
    assert named == {"canonical": "/no such folder/best.pt"}
    named = Locations("m").name(edge("/no such folder/x", id="x"))
    assert named == {"canonical": "file://m/no such folder/x"}


def test_an_address_is_known_by_its_spelling() -> None:
    """The address as written finds the artifact, too."""
    fact = {"kind": "folder", "id": "s3a://B/t/"}
    named = Locations("m").name(fact)
    assert named == {"canonical": "s3://b/t", "aliases": ["s3a://B/t/"]}
    assert Locations("m").name({"kind": "project", "id": 7}) == {}


def test_a_file_of_the_hugging_face_cache_is_called_as_in_its_repository(
    tmp_path: Path,
) -> None:
    """Its link leads to a file that is named by a hash; the app's own name stays."""
    repo = tmp_path / "hub" / "models--org--net"
    link = repo / "snapshots" / ("a" * 40) / "sub" / "config.json"
    blob = repo / "blobs" / ("b" * 64)
    link.parent.mkdir(parents=True)
    blob.parent.mkdir()
    blob.write_text("{}")
    link.symlink_to(blob)
    fact = {"kind": "file", "id": str(link), "local_path": str(link), "at": time.time()}
    named = Locations("m").name(fact)
    assert (named["canonical"], named["name"]) == (f"file://m{blob}", "config.json")
    assert f"file://m{link}" in named["aliases"]
    assert "name" not in Locations("m").name({**fact, "name": "mine"})
    folder = {**fact, "kind": "folder", "local_path": str(link.parent.parent)}
    assert Locations("m").name(folder)["name"] == "net"
