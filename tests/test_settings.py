"""The environment as people write it, and destinations that are never swapped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from journal_tools import run_script
from runtime_tools import PRELUDE, stored

import lineage
from lineage.delivery.status import read_status
from lineage.recording.enabled import is_off_in
from lineage.settings import UNUSABLE, Settings


def read(**environ: str) -> Settings:
    """Read an environment that has nothing else in it."""
    return Settings.from_environ(environ)


@pytest.mark.parametrize(
    "form", ["{}", " {} ", "{}\n", "{}\r\n", '"{}"', "'{}'", ' "{}"\n']
)
def test_blanks_newlines_and_quotes_around_a_value_are_dropped(form: str) -> None:
    """Env files and mounted secrets leave them there."""
    wrap = form.format
    settings = read(
        LINEAGE_TOKEN=wrap("t0ken"),
        LINEAGE_TARGET=wrap("http://host:1"),
        LINEAGE_HOME=wrap("/data/home"),
        LINEAGE_FLUSH_TIMEOUT_S=wrap("3"),
        TASK_ID=wrap("7"),
    )
    assert settings.token == "t0ken"
    assert settings.destination == "http://host:1"
    assert settings.home == Path("/data/home")
    assert (settings.flush_timeout_s, settings.task_id) == (3.0, 7)
    assert is_off_in({"LINEAGE_ENABLED": wrap("false")})


def test_a_tilde_is_the_users_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """`~/lineage` is no folder named `~`."""
    monkeypatch.setenv("HOME", "/home/somebody")
    assert read(LINEAGE_HOME="~/lineage").home == Path("/home/somebody/lineage")


@pytest.mark.parametrize(
    "text", ["localhost:8000", "lineage.example.com", "10.0.0.1:80/path", "localhost"]
)
def test_an_address_needs_no_scheme(text: str) -> None:
    """What is plainly a host is one."""
    assert read(LINEAGE_TARGET=text).destination == f"http://{text}"
    platform = read(SERVER_ADDRESS=text, API_TOKEN="t", ENV="production")
    assert platform.server_address == f"http://{text}"


@pytest.mark.parametrize(
    "text",
    ["colud", "htp://host", "http://", "host:port", "http://a b", "ftp://host/x"],
)
def test_a_destination_is_never_swapped_for_another(
    text: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What cannot be understood stops delivery with a message that names it."""
    settings = read(LINEAGE_TARGET=text)
    assert settings.destination == UNUSABLE
    assert "LINEAGE_TARGET" in caplog.text
    assert "facts wait" in caplog.text
    platform = read(SERVER_ADDRESS=text, API_TOKEN="t", ENV="production")
    assert platform.destination == UNUSABLE


def test_a_wrong_address_that_is_not_used_stops_nothing() -> None:
    """In development facts go to the embedded instance anyway."""
    assert read(SERVER_ADDRESS="a b", API_TOKEN="t").destination == "local"


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("LINEAGE_HOME", ".lineage"), ("LINEAGE_ENABLED", "true"),
        ("LINEAGE_DIGEST_MAX_MB", "16384.0"), ("SUPERVISELY_TASK_ID", "none"),
        ("APP_CATEGORIES", "none"),
    ],
)  # fmt: skip
def test_what_is_used_instead_is_written_as_one_would_type_it(
    name: str, default: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The warning shows no form that only Python knows."""
    read(**{name: "~nobody-of-this-name/x"})
    assert f"going on with {default}\n" in f"{caplog.messages[0]}\n"


def test_facts_wait_for_the_address_to_be_corrected(tmp_path: Path) -> None:
    """They are kept, the reason is logged, and the next program sends them."""
    ran = run_script(f"{PRELUDE}\nrecord(7)", home=tmp_path, LINEAGE_TARGET="colud")
    assert ran.returncode == 0
    assert "LINEAGE_TARGET: 'colud' is not understood" in ran.stderr
    assert read_status(tmp_path).waiting >= 2
    assert stored(tmp_path) == []
    lineage.configure(home=tmp_path)
    assert lineage.flush(20)
    assert stored(tmp_path) == [7]


def test_the_home_is_settled_before_the_program_changes_directory(
    tmp_path: Path,
) -> None:
    """A framework that changes the directory before the first fact moves no home."""
    (tmp_path / "inner").mkdir()
    script = f"{PRELUDE}\nos.chdir('inner')\nrecord(7)"
    environ = {k: v for k, v in os.environ.items() if k != "LINEAGE_HOME"}
    run_in(tmp_path, script, environ)
    assert stored(tmp_path / ".lineage") == [7]
    assert not (tmp_path / "inner" / ".lineage").exists()


def test_questions_look_for_the_home_upwards(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a folder of a project its home is found, unless one is named."""
    (tmp_path / ".lineage").mkdir()
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert read().looked_up().home == tmp_path / ".lineage"
    assert read(LINEAGE_HOME=".lineage").looked_up().home == Path(".lineage")


@pytest.mark.parametrize(
    ("before", "environ"),
    [
        ("import lineage; os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')", {}),
        ("", {"LINEAGE_FLUSH_TIMEOUT_S": "1e300"}),
        ("", {"LINEAGE_JOURNAL_MAX_MB": "1e300", "LINEAGE_MAX_AGE_DAYS": "1e300"}),
        ("", {"TASK_ID": "9" * 40, "LINEAGE_HOME": "~nobody-of-that-name/x"}),
        ("", {"LINEAGE_HOME": "x\ny" + "z" * 300}),
    ],
    ids=["no directory", "endless", "huge", "absurd", "long"],
)
def test_no_bad_variable_raises_in_the_app(
    before: str, environ: dict[str, str], tmp_path: Path
) -> None:
    """The app runs to its end, whatever cannot be made of its environment."""
    script = f"import os\n{before}\n{PRELUDE}\nrecord(1)\nprint('the end')"
    kept = {k: v for k, v in os.environ.items() if k != "LINEAGE_HOME"}
    out = run_in(tmp_path, script, {**kept, **environ})
    assert out == "the end\n"


def run_in(folder: Path, script: str, environ: dict[str, str]) -> str:
    """Run a program in a folder; return what it printed."""
    import subprocess
    import sys

    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout
