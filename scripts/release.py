"""Checks a release: `python -m scripts.release version|notes|check|sbom`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.parse
import urllib.request
import uuid
import zipfile
from collections.abc import Iterator
from datetime import datetime, timezone
from email.parser import HeaderParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DIST = ROOT / "dist"
#: Where an environment has its interpreter: POSIX, and Windows.
_PYTHONS = ("venv/bin/python", "venv/Scripts/python.exe")
_PAGE = "lineage/instance/page/static/index.html"

_TRY = """
import pathlib, lineage
from lineage import produces_file, uses_file

@uses_file("source")
@produces_file()
def copy(source):
    target = pathlib.Path("b.txt")
    target.write_bytes(pathlib.Path(source).read_bytes())
    return target

pathlib.Path("a.txt").write_text("a")
copy("a.txt")
report = lineage.flush(10)
assert report, report
"""


def version() -> str:
    """Return the version that `pyproject.toml` names."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    found = re.search(r'^version = "([^"]+)"', text, re.MULTILINE)
    if found is None:
        raise SystemExit("pyproject.toml names no version")
    return found.group(1)


def notes(text: str, number: str) -> str:
    """Return the section of the changelog for one version.

    Args:
        text: The whole changelog.
        number: The version.

    Raises:
        SystemExit: There is no such section.
    """
    pattern = rf"^## \[?{re.escape(number)}\]?[^\n]*\n(.*?)(?=^## |\Z)"
    found = re.search(pattern, text, re.MULTILINE | re.DOTALL)
    if found is None:
        raise SystemExit(
            f"CHANGELOG.md has no section for {number}: rename `Unreleased` to it"
        )
    return found.group(1).strip() + "\n"


def _only(pattern: str) -> Path:
    found = sorted(DIST.glob(pattern))
    if len(found) != 1:
        raise SystemExit(f"expected one {pattern} in {DIST}, found {len(found)}")
    return found[0]


def check() -> None:
    """Check what `make release-check` built, and use it as a newcomer would.

    The wheel holds the page and its metadata name the version; installed into an
    empty environment, without any extra, it records a fact, answers a question and
    runs the demo; with the server, the address that the demo prints has the page.
    """
    wheel, sdist = _only("*.whl"), _only("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        meta = next(name for name in names if name.endswith(".dist-info/METADATA"))
        header = HeaderParser().parsestr(archive.read(meta).decode())
    if _PAGE not in names:
        raise SystemExit(f"{wheel.name} has no page ({_PAGE}): its build failed")
    if header["Version"] != version():
        raise SystemExit(f"{wheel.name} says {header['Version']}, not {version()}")
    with tarfile.open(sdist) as archive:
        if not any(name.endswith("/web/package.json") for name in archive.getnames()):
            raise SystemExit(f"{sdist.name} lacks the sources of the page (web/)")
    for python in _interpreters():
        try_wheel(wheel, python)
        print(f"{wheel.name} works with {python}")
    print(f"{wheel.name} and {sdist.name} are good")


def _interpreters() -> list[str]:
    """Return an interpreter of each supported version that this machine has."""
    listed = subprocess.run(
        ["sh", ROOT / "scripts" / "pythons"], capture_output=True, text=True, check=True
    )
    return listed.stdout.split() or [sys.executable]


def try_wheel(wheel: Path, interpreter: str = sys.executable) -> None:
    """Use a wheel as a newcomer would, in an empty environment.

    Args:
        wheel: The file.
        interpreter: The Python to use it with.

    Raises:
        SystemExit: An answer is not what it should be.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        subprocess.run([interpreter, "-m", "venv", folder / "venv"], check=True)
        python = next(p for p in map(folder.joinpath, _PYTHONS) if p.exists())
        _install(python, str(wheel))
        _run(python, "-c", _TRY)
        shown = _run(python, "-m", "lineage", "show", "b.txt")
        if "a.txt" not in shown:
            raise SystemExit(f"the wheel does not say from where b.txt came: {shown}")
        printed = _run(python, "-m", "lineage", "demo")
        if "model.json" not in printed or "[server]" not in printed:
            raise SystemExit(f"the demo of the bare wheel shows no graph: {printed}")
        _install(python, f"{wheel}[server]")
        _open_demo(python)


def _install(python: Path, what: str) -> None:
    # What is used is compiled by its use; the rest of the packages need not be.
    command = [python, "-m", "pip", "install", "--quiet", "--no-compile", what]
    subprocess.run(command, check=True)


def _run(python: Path, *arguments: str) -> str:
    # Isolated: neither this folder nor the user's packages may help out.
    return subprocess.run(
        [python, "-I", *arguments],
        capture_output=True, text=True, encoding="utf-8",
        cwd=python.parents[2], check=True,
    ).stdout  # fmt: skip


def _open_demo(python: Path) -> None:
    """Run the demo as at a terminal, and open the address that it prints."""
    home = python.parents[2]
    with subprocess.Popen(
        [python, "-I", "-u", "-m", "lineage", "demo", "--page", "--home", "demo"],
        stdout=subprocess.PIPE, text=True, encoding="utf-8", cwd=home,
    ) as demo:  # fmt: skip
        try:
            found = re.search(r"The page: (http\S+)", "".join(_until_page(demo)))
            if found is None:
                raise SystemExit("the demo prints no address of a page")
            _check_page(found.group(1))
        finally:
            demo.terminate()


def _until_page(demo: subprocess.Popen[str]) -> Iterator[str]:
    for text in demo.stdout or ():
        yield text
        if text.startswith("The page:"):
            return


def _check_page(address: str) -> None:
    browser = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    for left in range(100, 0, -1):
        try:
            with browser.open(address, timeout=10) as answer:
                page = answer.read().decode()
        except OSError:
            if left == 1:
                raise
            time.sleep(0.1)  # It is about to listen.
            continue
        break
    asset = re.search(r'src="([^"]+)"', page)
    if asset is None:
        raise SystemExit(f"{address} is no page: {page[:200]}")
    with browser.open(urllib.parse.urljoin(address, asset[1]), timeout=10) as answer:
        answer.read()


def sbom() -> None:
    """Write `dist/sbom.cdx.json`: the wheel and what it needs at run time."""
    with zipfile.ZipFile(_only("*.whl")) as archive:
        meta = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        header = HeaderParser().parsestr(archive.read(meta).decode())
    needs = [n for n in header.get_all("Requires-Dist", []) if "extra ==" not in n]
    names = [re.split(r"[^\w.-]", need)[0] for need in needs]
    package = f"pkg:pypi/{header['Name']}@{header['Version']}"
    described = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid4()}",
        "version": 1,
        "metadata": {
            "timestamp": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "component": {
                "type": "library",
                "bom-ref": package,
                "name": header["Name"],
                "version": header["Version"],
                "purl": package,
                "licenses": [{"license": {"id": header["License-Expression"]}}],
            },
        },
        "components": [
            {"type": "library", "bom-ref": f"pkg:pypi/{n}", "name": n,
             "purl": f"pkg:pypi/{n}",
             "properties": [{"name": "lineage:requirement", "value": need}]}
            for n, need in zip(names, needs, strict=True)
        ],
        "dependencies": [
            {"ref": package, "dependsOn": [f"pkg:pypi/{n}" for n in names]}
        ],
    }  # fmt: skip
    (DIST / "sbom.cdx.json").write_text(json.dumps(described, indent=2) + "\n")


def main(arguments: list[str]) -> None:
    """Run one of the verbs."""
    verbs = {
        "version": lambda: print(version()),
        "notes": lambda: print(
            notes((ROOT / "CHANGELOG.md").read_text("utf-8"), version()), end=""
        ),
        "check": check,
        "sbom": sbom,
    }
    if len(arguments) != 1 or arguments[0] not in verbs:
        raise SystemExit(f"usage: python -m scripts.release {'|'.join(verbs)}")
    verbs[arguments[0]]()


if __name__ == "__main__":
    main(sys.argv[1:])
