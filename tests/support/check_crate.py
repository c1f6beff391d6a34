"""Checks RO-Crates with the profile's validator, without a network.

Run by `nox -s crates` in an environment of its own, because the validator wants an
older `rich` than the project's tools: `python check_crate.py CRATE_DIR …`. The
validator fetches the crate's context; it is answered from the copy that the package
`rocrate` carries. Without it the validator would skip its checks of shapes and call an
invalid crate valid, so a crate without licence has to be refused first.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import requests
import rocrate  # type: ignore[import-not-found]  # only in this environment
from rocrate_validator import (  # type: ignore[import-not-found]  # the same
    models,
    services,
)

_CONTEXT = Path(rocrate.__file__).parent / "data" / "ro-crate.jsonld"


def _answer(self: Any, request: Any, **options: Any) -> requests.Response:
    if "w3id.org/ro/crate" not in request.url:
        raise requests.ConnectionError(f"no network in this check: {request.url}")
    response = requests.Response()
    response.status_code = 200
    response.url = request.url
    response.request = request
    response.headers["Content-Type"] = "application/ld+json"
    response._content = _CONTEXT.read_bytes()
    return response


def issues(crate: Path) -> list[str]:
    """Return what the validator finds at the severity RECOMMENDED."""
    settings = services.ValidationSettings(
        rocrate_uri=str(crate),
        profile_identifier="process-run-crate-0.5",
        requirement_severity=models.Severity.RECOMMENDED,
        no_cache=True,
    )
    result = services.validate(settings)
    return [f"{issue.severity.name}: {issue.message}" for issue in result.get_issues()]


def main(crates: list[str]) -> int:
    """Print the issues of each crate; 1 where there is one."""
    requests.adapters.HTTPAdapter.send = _answer  # type: ignore[method-assign]  # above
    failed = 0
    for name in crates:
        found = issues(Path(name))
        print(f"{name}: {len(found)} issues", *found, sep="\n  ")
        failed |= bool(found)
        if not _is_refused_without_licence(Path(name)):
            print("  the validator did not notice a missing licence: it checks nothing")
            failed |= 1
    return int(failed)


def _is_refused_without_licence(crate: Path) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        metadata = json.loads((crate / "ro-crate-metadata.json").read_text("utf-8"))
        for entity in metadata["@graph"]:
            entity.pop("license", None)
            entity.pop("hasPart", None)
        target = Path(folder) / "ro-crate-metadata.json"
        target.write_text(json.dumps(metadata), encoding="utf-8")
        return bool(issues(Path(folder)))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
