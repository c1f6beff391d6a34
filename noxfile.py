"""Sessions that need an environment of their own."""

from __future__ import annotations

from pathlib import Path

import nox

nox.options.sessions = []


@nox.session(python=["3.10", "3.11", "3.12", "3.13", "3.14"])
def quick(session: nox.Session) -> None:
    """Run what `make test-quick` runs, on each Python that we name."""
    install = ["--constraint", "constraints.txt", "--editable", ".[quick]"]
    session.install(*install, env={"LINEAGE_BUILD_PAGE": "0"})
    quick = ("model", "tracking", "recording", "journal", "cli")
    folders = [f"tests/{name}" for name in quick]
    session.run("pytest", "-n2", "-q", "-m", "not slow", *folders, *session.posargs)


@nox.session
def posixless(session: nox.Session) -> None:
    """Record and deliver where nothing is there that only POSIX has, as on Windows."""
    install = ["--constraint", "constraints.txt", "--editable", ".[quick]"]
    session.install(*install, env={"LINEAGE_BUILD_PAGE": "0"})
    parts = ("test_system.py", "tracking", "recording", "journal", "delivery")
    tests = [f"tests/{name}" for name in parts]
    options = ["-p", "posixless", "-q", "-m", "not slow and not posix"]
    env = {"PYTHONPATH": "tests/support"}
    session.run("pytest", *options, *tests, *session.posargs, env=env)


@nox.session
def interop(session: nox.Session) -> None:
    """Make the same calls with the platform's SDK and with lineage; compare them."""
    session.install("supervisely")
    session.install("-e", ".[files]")
    session.run("python", "tests/interop/compare.py", *session.posargs)


@nox.session
def interop_session(session: nox.Session) -> None:
    """Work a long session with the platform's SDK against `lineage serve`."""
    session.install("supervisely")
    session.install("-e", ".[server,files]")
    session.run("python", "tests/interop/session.py", *session.posargs)


@nox.session
def crates(session: nox.Session) -> None:
    """Check the RO-Crates that `lineage passport` writes with the profile's validator.

    In an environment of its own: the validator wants an older `rich` than our tools.
    """
    session.install("-e", ".[server]", env={"LINEAGE_BUILD_PAGE": "0"})
    session.install("roc-validator>=0.13", "rocrate>=0.16")
    folder = session.create_tmp()
    root = Path(__file__).resolve().parent
    with session.chdir(folder):
        session.run("python", str(root / "tests" / "support" / "make_crates.py"), "out")
        crates = sorted(str(path) for path in Path("out").iterdir())
        session.run(
            "python", str(root / "tests" / "support" / "check_crate.py"), *crates
        )


#: The platform's SDK wants other versions of packages: an environment of its own.
_NEIGHBOURS = {
    "others": ("-e", ".[all,test,neighbours]"),
    "sdk": ("supervisely", "-e", ".[server,files]", "pytest", "pytest-asyncio",
            "pytest-timeout", "pytest-xdist"),
}  # fmt: skip


@nox.session
@nox.parametrize("which", list(_NEIGHBOURS))
def neighbours(session: nox.Session, which: str) -> None:
    """Run decorated functions in other software: joblib, Dask, Ray, Celery, the SDK."""
    session.install(*_NEIGHBOURS[which], env={"LINEAGE_BUILD_PAGE": "0"})
    tests = "tests/neighbours/test_sdk.py" if which == "sdk" else "tests/neighbours"
    session.run("pytest", "-n2", tests, *session.posargs)


@nox.session
def formats(session: nox.Session) -> None:
    """Run the table of `docs/versions.md` about bytes that change by nothing."""
    session.install("-e", ".", env={"LINEAGE_BUILD_PAGE": "0"})
    session.install(
        "duckdb==2.0.1",
        "gguf==0.19.0",
        "h5py==3.16.0",
        "numpy==2.4.6",
        "onnx==1.23.2",
        "openpyxl==3.1.5",
        "pandas==3.1.1",
        "pyarrow==26.0.1",
        "safetensors==0.8.0",
        "scikit-learn==1.9.1",
    )
    session.run("python", "tests/interop/formats.py", *session.posargs)


#: Both pin packages that the other wants otherwise: an environment each.
_PRODUCERS = {
    "dbt": ("dbt-core==1.9.*", "dbt-duckdb==1.9.*", "openlineage-dbt==1.54.0"),
    "airflow": (
        "apache-airflow==3.3.2",
        "apache-airflow-providers-openlineage==2.20.3",
    ),
}


@nox.session
@nox.parametrize("tool", list(_PRODUCERS))
def producers(session: nox.Session, tool: str) -> None:
    """Let dbt and Airflow send their OpenLineage events to `lineage serve`."""
    session.install(*_PRODUCERS[tool])
    session.install("-e", ".[server,cli]", env={"LINEAGE_BUILD_PAGE": "0"})
    root = Path(__file__).resolve().parent
    with session.chdir(session.create_tmp()):
        session.run("python", str(root / "tests" / "interop" / "producers.py"), tool)
