"""Looks for known weaknesses in what is installed: `python -m scripts.audit`."""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
#: How an audit ends: nothing is known, something is, or nobody could be asked.
CLEAN, WEAK, UNKNOWN = 0, 1, 2
#: Weaknesses of the page's packages that are reported; lesser ones are not.
_SERIOUS = ("high", "critical")


@dataclass(frozen=True, slots=True)
class Audit:
    """What one service knows of one set of packages."""

    subject: str
    weaknesses: list[str] = field(default_factory=list)
    audited: int = 0
    trouble: str = ""
    """Why no answer, or not a whole one, could be had."""

    @property
    def exit_code(self) -> int:
        """A weakness counts more than an answer that is missing."""
        if self.weaknesses:
            return WEAK
        return UNKNOWN if self.trouble else CLEAN

    def lines(self) -> list[str]:
        """Return the weaknesses, and one line that sums up."""
        found = [f"{self.subject}: {weakness}" for weakness in self.weaknesses]
        if self.trouble:
            return [*found, f"{self.subject}: NOT AUDITED: {self.trouble}"]
        count = f"{len(found)} known weaknesses" if found else "no known weakness"
        return [*found, f"{self.subject}: {count} in {self.audited} packages"]


def read_pip_report(text: str, error: str = "") -> Audit:
    """Read what `pip-audit --format json` printed.

    Args:
        text: Its standard output.
        error: Its standard error, which says why there is no output.
    """
    subject = "Python packages"
    try:
        dependencies = json.loads(text)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Audit(subject, trouble=_reason(error))
    answered = [item for item in dependencies if "skip_reason" not in item]
    unknown = [
        item["name"]
        for item in dependencies
        if "editable" not in item.get("skip_reason", "editable")
    ]
    weaknesses = [
        f"{item['name']} {item['version']}: {weakness['id']}, fixed in "
        f"{', '.join(weakness['fix_versions']) or 'no version'}"
        for item in answered
        for weakness in item["vulns"]
    ]
    trouble = ""
    if unknown:
        some = ", ".join(unknown[:3])
        trouble = (
            f"the service knows none of {len(unknown)} packages ({some}, …); does this"
            " machine reach https://pypi.org/pypi? Else name a service by --osv-url"
        )
    return Audit(subject, weaknesses, len(answered), trouble)


def read_npm_report(text: str, error: str = "") -> Audit:
    """Read what `npm audit --json` printed.

    Args:
        text: Its standard output.
        error: Its standard error, which says why there is no output.
    """
    subject = "page's packages"
    try:
        report: dict[str, Any] = json.loads(text)
        found = report["vulnerabilities"]
        count = report["metadata"]["dependencies"]["total"]
    except (ValueError, KeyError, TypeError):
        return Audit(subject, trouble=_reason(_npm_message(text) or error))
    weaknesses = [
        f"{name} {item['range']}: {item['severity']}"
        for name, item in sorted(found.items())
        if item["severity"] in _SERIOUS
    ]
    return Audit(subject, weaknesses, count)


def _npm_message(text: str) -> str:
    try:
        report = json.loads(text)
        return str(report.get("message") or report["error"]["summary"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def _reason(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    last = lines[-1][:300] if lines else "no answer"
    return f"no vulnerability service answers on this machine ({last})"


def audit_python(osv_url: str | None) -> Audit:
    """Ask about the packages beside the interpreter that runs this.

    Args:
        osv_url: A service that speaks the OSV protocol, instead of PyPI.
    """
    command = [sys.executable, "-m", "pip_audit", "--skip-editable", "--format=json",
               "--progress-spinner=off", "--desc=off"]  # fmt: skip
    if osv_url:
        command += ["--vulnerability-service=osv", f"--osv-url={osv_url}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return read_pip_report(done.stdout, done.stderr)


def audit_page(registry: str | None) -> Audit:
    """Ask about the packages that the page is built with.

    Args:
        registry: A registry of npm's, instead of the one that is set up.
    """
    npm = shutil.which("npm")
    if npm is None:
        return Audit("page's packages", trouble="there is no npm on this machine")
    command = [npm, "audit", "--json", "--omit=dev", "--package-lock-only"]
    if registry:
        command.append(f"--registry={registry}")
    done = subprocess.run(
        command, cwd=ROOT / "web", capture_output=True, text=True, check=False
    )
    return read_npm_report(done.stdout, done.stderr)


def main(argv: list[str] | None = None) -> int:
    """Audit both, print what was found, and return the worse of the two ends."""
    parser = argparse.ArgumentParser("python -m scripts.audit", description=__doc__)
    parser.add_argument("--osv-url", help="an OSV service to ask instead of PyPI")
    parser.add_argument("--registry", help="a registry of npm's to ask")
    arguments = parser.parse_args(argv)
    audits = (audit_python(arguments.osv_url), audit_page(arguments.registry))
    for audit in audits:
        print("\n".join(audit.lines()), flush=True)
    codes = {audit.exit_code for audit in audits}
    return WEAK if WEAK in codes else max(codes)


if __name__ == "__main__":
    sys.exit(main())
