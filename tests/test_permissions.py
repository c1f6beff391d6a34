"""What lineage writes is its owner's alone, or its group's where a group shares it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lineage import permissions

pytestmark = pytest.mark.skipif(os.name != "posix", reason="rights of POSIX files")

#: A user that is nobody here, and has no rights by any group.
NOBODY = 65534

APP = """
import os
os.umask(int({umask!r}, 8))
import lineage
with lineage.task("app") as task:
    task.produces_file({output!r})
lineage.flush(30)
from pathlib import Path
from lineage.instance.blobs import Blobs
Blobs(Path(os.environ["LINEAGE_HOME"], "blobs")).put([b"bytes"])
"""


#: Records as another user. What an interpreter loads late is loaded before the change,
#: because its own folder may be closed to that user.
APP_OF_A_USER = """
import encodings, importlib, os, pkgutil, sys
import lineage
for package in (encodings, lineage):
    for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        try:
            importlib.import_module(found.name) if "__main__" not in found.name else 0
        except ImportError:
            pass
uid, gid = int(sys.argv[1]), int(sys.argv[2])
os.setgroups([])
os.setgid(gid)
os.setuid(uid)
os.umask(0o077)
with lineage.task(f"of {uid}") as task:
    task.uses_file("/data/in.csv")
sys.exit(0 if lineage.flush(float(sys.argv[3])) else 3)
"""
needs_root = pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() != 0,
    reason="only root can act as another user",
)


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that every user of the machine may enter."""
    folder = Path(tempfile.mkdtemp(prefix="lineage-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def run_app(folder: Path, home: Path, umask: str) -> None:
    """Record, deliver and keep a file in a process with this umask."""
    output = folder / "out.txt"
    output.write_text("bytes of the owner")
    subprocess.run(
        [sys.executable, "-c", APP.format(umask=umask, output=str(output))],
        env={**os.environ, "LINEAGE_HOME": str(home)},
        cwd=folder,
        check=True,
        timeout=60,
    )


def modes(home: Path) -> dict[str, int]:
    """Return the rights of a home and of all that lies in it."""
    paths = [home, *home.rglob("*")]
    return {str(p.relative_to(home)): stat.S_IMODE(p.lstat().st_mode) for p in paths}


@pytest.mark.parametrize("umask", ["000", "022", "077", "277"])
def test_a_home_is_its_owners_alone(shared: Path, umask: str) -> None:
    """Home, store, blobs and journal are closed to others, whatever the umask is."""
    home = shared / "home"
    run_app(shared, home, umask)
    found = modes(home)
    assert found["."] == 0o700
    assert found["instance.db"] == 0o600
    assert any(name.startswith("blobs/") for name in found)
    assert any(name.startswith("journal") for name in found)
    assert {n: oct(m) for n, m in found.items() if m & 0o077} == {}


def test_a_home_that_a_group_shares_keeps_the_groups_rights(shared: Path) -> None:
    """In a setgid folder, what is made is the group's too, under a closed umask."""
    home = shared / "home"
    home.mkdir()
    home.chmod(0o2770)
    run_app(shared, home, "077")
    found = {n: m for n, m in modes(home).items() if n != ".gitignore"}
    assert {n: oct(m) for n, m in found.items() if m & 0o007} == {}
    assert {n: oct(m) for n, m in found.items() if m & 0o060 != 0o060} == {}
    folders = [n for n, m in found.items() if (home / n).is_dir()]
    assert {n: oct(found[n]) for n in folders if found[n] != 0o2770} == {}


def run_as(
    user: int, group: int, folder: Path, *, wait_s: int = 30
) -> subprocess.CompletedProcess[str]:
    """Record into the home of a folder as a user with one group and a closed umask."""
    return subprocess.run(
        [sys.executable, "-c", APP_OF_A_USER, str(user), str(group), str(wait_s)],
        env={**os.environ, "LINEAGE_HOME": str(folder / "home")},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=90,
    )


@needs_root
def test_a_group_shares_a_home_and_others_stay_outside(shared: Path) -> None:
    """Two users of the group record into one store; a third one gets no part of it."""
    home = shared / "home"
    home.mkdir()
    os.chown(home, NOBODY - 1, 65000)
    home.chmod(0o2770)
    for user in (NOBODY - 1, NOBODY - 2):
        done = run_as(user, 65000, shared)
        assert done.returncode == 0, done.stderr
    before = modes(home)
    done = run_as(NOBODY, NOBODY, shared, wait_s=1)
    assert done.returncode == 3
    assert "Permission denied" in done.stderr
    assert modes(home).keys() == before.keys()
    with closing(sqlite3.connect(home / "instance.db")) as store:
        names = [row[0] for row in store.execute("SELECT name FROM tasks ORDER BY id")]
    assert names == [f"of {NOBODY - 1}", f"of {NOBODY - 2}"]


@needs_root
def test_another_user_reads_nothing_of_a_home(shared: Path) -> None:
    """Another user of the machine can list and read no part of a home."""
    home = shared / "home"
    run_app(shared, home, "000")
    script = (
        "import os, pathlib, sys\n"
        f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        "for name in ('', 'instance.db', 'blobs', 'journal'):\n"
        "    path = pathlib.Path(sys.argv[1], name)\n"
        "    try:\n"
        "        os.listdir(path) if path.is_dir() else path.read_bytes()\n"
        "    except PermissionError:\n"
        "        continue\n"
        "    sys.exit(f'{path} was read')\n"
    )
    subprocess.run([sys.executable, "-c", script, str(home)], check=True, timeout=60)
    home.chmod(0o755)
    done = subprocess.run(
        [sys.executable, "-c", script, str(home)], capture_output=True, text=True
    )
    assert "was read" in done.stderr, "the check itself must be able to fail"


def test_a_folder_that_exists_keeps_its_rights(tmp_path: Path) -> None:
    """A folder that the user made is not changed."""
    tmp_path.chmod(0o751)
    permissions.make_folder(tmp_path)
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o751
    assert permissions.is_open_to_others(tmp_path)


def test_a_file_in_the_way_of_a_folder_is_an_error(tmp_path: Path) -> None:
    """A file is no folder."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(FileExistsError):
        permissions.make_folder(tmp_path / "taken")
    with pytest.raises(FileExistsError):
        permissions.open_private(tmp_path / "taken", os.O_WRONLY | os.O_EXCL)
