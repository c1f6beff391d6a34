"""`doctor` and `check`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from lineage.settings import VARIABLES


def test_doctor_shows_every_variable_with_value_origin_and_consequence(type_) -> None:
    """Nothing that the environment can say is left out."""
    shown = {s["names"][0]: s for s in type_("doctor", "--json").data["settings"]}
    assert set(shown) == {variable.names[0] for variable in VARIABLES}
    home = shown["LINEAGE_HOME"]
    assert home["from"] == "LINEAGE_HOME"
    assert "is made with the first fact" in home["follows"]
    assert shown["LINEAGE_STRICT"]["from"] == "default"


def test_doctor_masks_secrets(type_, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token's value is never printed."""
    monkeypatch.setenv("API_TOKEN", "secret-word")
    monkeypatch.setenv("LINEAGE_TOKEN", "secret-word")
    for words in (["doctor"], ["doctor", "--json"]):
        answer = type_(*words)
        assert "secret-word" not in answer.out
        assert "****" in answer.out


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "facts go to the embedded instance"),
        ({"LINEAGE_ENABLED": "false"}, "Recording is off"),
        ({"LINEAGE_TARGET": "http://there:1"}, "facts go to http://there:1"),
        ({"SERVER_ADDRESS": "http://p", "API_TOKEN": "t"},
         "because ENV is 'development'"),
        ({"SERVER_ADDRESS": "http://p", "API_TOKEN": "t", "ENV": "production"},
         "facts go to http://p"),
        ({"LINEAGE_JOURNAL_SYNC": "power"}, "survives a power cut"),
        ({"TASK_ID": "12"}, "this process is task 12"),
        ({"LINEAGE_TOKEN": "t"}, "used for an address in LINEAGE_TARGET"),
        ({"LINEAGE_STRICT": "1"}, "tracking errors raise"),
    ],
)  # fmt: skip
def test_doctor_shows_what_follows(
    type_, monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], expected: str
) -> None:
    """Not only the value, but what lineage does with it."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert expected in type_("doctor").out


def test_doctor_names_what_cannot_be_understood(
    type_, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable, its value, what is allowed; and the exit code says so."""
    monkeypatch.setenv("LINEAGE_ENABLED", "maybe")
    answer = type_("doctor")
    assert answer.code == 1
    assert "LINEAGE_ENABLED: 'maybe' is not understood" in answer.out
    assert "true/false" in answer.out


_GOOD = """
from lineage import uses_file

@uses_file("path")
def read(path: str) -> None: ...
"""


def test_check_passes_a_module_whose_declarations_fit(
    type_, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is checked without running its functions."""
    (tmp_path / "good_declarations.py").write_text(_GOOD)
    monkeypatch.syspath_prepend(tmp_path)
    answer = type_("check", str(tmp_path / "good_declarations.py"))
    assert answer.code == 0, answer.err
    assert answer.out == "every declaration fits  (1 function)\n"
    assert type_("check", "good_declarations", "--json").data["functions"] == ["read"]


def test_check_names_the_line_that_cannot_work(
    type_, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attribute that the annotation does not have is a problem with a place."""
    text = _GOOD.replace('"path"', '"path.nothing"').replace("str", "Path")
    (tmp_path / "bad_declarations.py").write_text(f"from pathlib import Path\n{text}")
    monkeypatch.syspath_prepend(tmp_path)
    answer = type_("check", str(tmp_path / "bad_declarations.py"))
    assert answer.code == 1, answer.err
    assert "bad_declarations.py" in answer.out


_TWO = """
from lineage import uses_file

@uses_file("path")
def good(path: str) -> None: ...

class Reader:
    @uses_file("path.nothing")
    def bad(self, path: str) -> None: ...

def plain() -> None: ...
"""


@pytest.mark.parametrize(
    ("name", "code"), [("good", 0), ("Reader", 1), ("Reader.bad", 1), (None, 1)]
)
def test_check_of_one_function_leaves_the_others_alone(
    type_, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str | None, code: int
) -> None:
    """A name after a colon is a function, or a class with its methods."""
    (tmp_path / "two_declarations.py").write_text(_TWO)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "two_declarations", raising=False)
    for module in ("two_declarations", "two_declarations.py"):
        answer = type_("check", f"{module}:{name}" if name else module)
        assert answer.code == code, answer.err


def test_check_of_a_function_without_a_declaration_names_those_that_have_one(
    type_, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mistyped name is not taken for one whose declarations fit."""
    (tmp_path / "two_declarations.py").write_text(_TWO)
    monkeypatch.syspath_prepend(tmp_path)
    answer = type_("check", "two_declarations:plain")
    assert answer.code == 2
    assert "those with one are Reader.bad, good" in answer.err


_SCRIPT = """
from pathlib import Path
import lineage
from lineage import produces_file

@lineage.app(name="Script")
@produces_file()
def main() -> Path:
    Path("made.txt").write_text("1")
    return Path("made.txt")

main()
"""


def test_check_of_a_script_records_nothing(
    type_, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clean_environment: Path
) -> None:
    """Lines outside of functions run when a module is imported, without a trace."""
    (tmp_path / "working_script.py").write_text(_SCRIPT)
    monkeypatch.chdir(tmp_path)
    answer = type_("check", "working_script.py")
    assert answer.out == "every declaration fits  (1 function)\n", answer.err
    assert (tmp_path / "made.txt").exists()
    assert not clean_environment.exists()


def test_check_of_a_file_in_a_package_imports_it_as_a_part_of_it(
    type_, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its relative imports work, also those of `__main__.py`."""
    package = tmp_path / "packed_app"
    package.mkdir()
    for name in ("__init__.py", "part.py"):
        (package / name).write_text("")
    for name in ("main.py", "__main__.py"):
        (package / name).write_text("from . import part\n" + _GOOD)
        answer = type_("check", str(package / name))
        assert "(1 function)" in answer.out, answer.err


def test_check_of_a_file_with_a_name_that_python_has_already(
    type_, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be the other module whose declarations fit."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    for name in ("json", "math", "__main__"):
        (tmp_path / f"{name}.py").write_text(_GOOD)
        answer = type_("check", str(tmp_path / f"{name}.py"))
        assert answer.code == 2
        assert f"Python has another module {name!r}; give the file" in answer.err


def test_check_of_a_module_without_declarations(
    type_, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing was found is another answer than all is well."""
    (tmp_path / "without_one.py").write_text("def plain(): pass")
    monkeypatch.chdir(tmp_path)
    answer = type_("check", "without_one.py")
    assert (answer.out, answer.code) == ("without_one.py has no declarations\n", 0)


def test_check_of_a_file_that_is_not_there_names_it(type_) -> None:
    """The name as it was typed."""
    answer = type_("check", "nowhere.py")
    assert answer.code == 2
    assert "there is no file nowhere.py" in answer.err


def test_doctor_shows_that_nobody_answers(
    type_, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address that cannot be reached is named now, not found out weeks later."""
    monkeypatch.setenv("LINEAGE_TARGET", "http://127.0.0.1:9")
    answer = type_("doctor").out
    assert "http://127.0.0.1:9 does not answer: Connection refused; facts" in answer


def test_doctor_shows_what_a_server_answers_that_is_no_instance(
    type_, monkeypatch: pytest.MonkeyPatch, plain_server: str
) -> None:
    """The server is there, and the address or the token is wrong."""
    monkeypatch.setenv("LINEAGE_TARGET", plain_server)
    answer = type_("doctor").out
    assert f"{plain_server}, asked what it is, answers with status 404" in answer


def test_doctor_shows_who_answers(
    type_, monkeypatch: pytest.MonkeyPatch, served_version: str
) -> None:
    """A platform is named with its version."""
    monkeypatch.setenv("LINEAGE_TARGET", served_version)
    assert "answers, a platform of version 6.12.0" in type_("doctor").out


def test_doctor_shows_that_the_address_is_missing(
    type_, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LINEAGE_TARGET=instance alone sends nothing."""
    monkeypatch.setenv("LINEAGE_TARGET", "instance")
    assert "SERVER_ADDRESS is not set" in type_("doctor").out


def test_check_of_a_module_that_is_not_there_names_it(type_) -> None:
    """A mistyped module is the user's trouble, no defect of lineage."""
    answer = type_("check", "no_such_module")
    assert answer.code == 2
    assert "there is no module 'no_such_module' here; name a file" in answer.err
    assert "defect" not in answer.err


def test_check_names_what_a_module_needs_and_what_has_no_declarations(
    type_, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing import is another mistake than a mistyped module."""
    (tmp_path / "needs_more.py").write_text("import no_such_package")
    (tmp_path / "without_any.py").write_text("def plain(): pass")
    monkeypatch.syspath_prepend(tmp_path)
    needs = type_("check", "needs_more")
    assert needs.code == 2
    assert "needs_more cannot be imported: it needs 'no_such_package'" in needs.err
    plain = type_("check", "without_any:plain")
    assert plain.code == 2
    assert "without_any has no declarations, so 'plain' has none" in plain.err


def test_a_home_that_others_may_read_is_a_problem(
    type_, clean_environment: Path
) -> None:
    """Older releases made homes that every user may read; doctor says how to close."""
    clean_environment.mkdir()
    clean_environment.chmod(0o755)
    answer = type_("doctor")
    assert answer.code == 1
    assert "chmod -R go=" in answer.out
    clean_environment.chmod(0o700)
    assert type_("doctor").code == 0


def test_doctor_checks_a_store_and_shows_how_to_repair_it(
    type_, tmp_path: Path
) -> None:
    """A sound store is called so; what is wrong is named, and the command mends it."""
    from lineage.instance.store import open_store

    url = f"sqlite:///{tmp_path}/kept.db"
    store = open_store(url)
    edge = {"f": "edge", "uid": "r-1", "task": "r", "at": 1.7e9, "dir": "output"}
    store.ingest(1, [{**edge, "kind": "file", "id": "/a"}])
    assert "is sound" in type_("doctor", "--store", url).out
    with store.db.write() as tx:
        tx.run("UPDATE entities SET latest_id = 99")
    store.close()
    answer = type_("doctor", "--store", url)
    assert answer.code == 1
    assert "file:/a" in answer.out
    assert f"lineage store rebuild --store {url}" in answer.out
    assert "for team 1" in type_("store", "rebuild", "--store", url).out
    assert "is sound" in type_("doctor", "--store", url).out
