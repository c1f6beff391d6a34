"""Masking: secrets do not reach the journal."""

from __future__ import annotations

import pytest

import lineage
from lineage.recording.masking import masker_of, secret_values
from lineage.redaction import Masker
from lineage.settings import Settings
from lineage.testing import capture


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://user:pw@host/a", "https://****@host/a"),
        ("s3://AKIA:secret@bucket/k", "s3://****@bucket/k"),
        ("postgres://u:p@ss@db/x", "postgres://****@db/x"),
        ("https://host/a@b", "https://host/a@b"),
        (
            "https://b.s3.aws/k?X-Amz-Signature=abc&X-Amz-Expires=9&part=1",
            "https://b.s3.aws/k?X-Amz-Signature=****&X-Amz-Expires=9&part=1",
        ),
        ("https://a.blob/x?sv=1&sig=q%2B&se=2", "https://a.blob/x?sv=1&sig=****&se=2"),
        ("https://g/x?GoogleAccessId=me&a=1", "https://g/x?GoogleAccessId=****&a=1"),
        (
            "https://h/x?api_key=1&token=2#frag",
            "https://h/x?api_key=****&token=****#frag",
        ),
        ("https://h/x?page=2&monkey=1", "https://h/x?page=2&monkey=1"),
        ("Authorization: Bearer abcdef123456", "Authorization: Bearer ****"),
        ("train --password hunter2 --lr=1", "train --password **** --lr=1"),
        ("train --api-key=abc x", "train --api-key=**** x"),
        ("a bearer of news", "a bearer of news"),
        ("out/tokens/model.pt", "out/tokens/model.pt"),
        ("what is this? key", "what is this? key"),
    ],
)
def test_known_forms(text: str, masked: str) -> None:
    """User-info, signed queries, bearer tokens and options; ordinary text stays."""
    assert Masker()(text) == masked


def test_values_of_secret_variables() -> None:
    """Whatever variable's name says secret, its value is masked, longest first."""
    environ = {
        "HF_TOKEN": "hf_12345678",
        "AWS_SECRET_ACCESS_KEY": "hf_12345678_longer",
        "API_TOKEN": "tok-tok",
        "SHORT_TOKEN": "1",
        "HOME": "/home/me",
        "MONKEYS": "not-secret",
    }
    assert secret_values(environ) == ["hf_12345678_longer", "hf_12345678", "tok-tok"]
    mask = masker_of(Settings(token="given-token"), environ)
    text = "hf_12345678_longer hf_12345678 given-token /home/me not-secret"
    assert mask(text) == "**** **** **** /home/me not-secret"


def test_patterns_of_the_user(caplog: pytest.LogCaptureFixture) -> None:
    """Patterns are the user's own; one that cannot be read is logged and left out."""
    mask = Masker(patterns=[r"patient-\d+", "("])
    assert mask("scans/patient-12/x") == "scans/****/x"
    assert "is no pattern" in caplog.text


def test_inside_json_values() -> None:
    """Masking reaches into lists and dicts, and leaves numbers alone."""
    mask = Masker(secrets=["secret-value"])
    value = {"a": ["x secret-value", 1, None], "b": ("secret-value",)}
    assert mask.within(value) == {"a": ["x ****", 1, None], "b": ["****"]}


def _fail(secret: str) -> None:
    with lineage.step(f"x {secret}") as task:
        task.uses_project(5)
        raise ValueError(secret)


def test_masked_before_the_journal(monkeypatch: pytest.MonkeyPatch) -> None:
    """No fact holds the secret: not in ids, names, errors, task names or cards."""
    monkeypatch.setenv("MY_SERVICE_TOKEN", "s3cr3t-value")
    with capture(strict=False) as recorded:
        with lineage.task("run s3cr3t-value") as task:
            task.uses_file("https://u:p@h/x?sig=abc")
            task.uses_file("a/s3cr3t-value.bin")
            task.produces(lineage.project(1).named("s3cr3t-value"))
            task.uses_dataset("s3cr3t-value")
            with pytest.raises(ValueError, match="s3cr3t"):
                _fail("s3cr3t-value")
        texts = str(recorded.facts)
    assert "s3cr3t" not in texts
    assert recorded.inputs[:2] == ["file:https://****@h/x?sig=****", "file:a/****.bin"]


SECRET = "Zq7XwS3cr3tV4lu3"


def test_no_secret_leaves_the_process_with_its_task() -> None:
    """Headers and variables name the task, and a version says what it is."""
    with capture(strict=False) as recorded:
        with lineage.task(f"run password={SECRET}") as task:
            carried = [lineage.headers(), lineage.environment()]
            task.produces_project(1, version=lineage.snapshot(f"token={SECRET}"))
        texts = str(recorded.facts)
    assert SECRET not in str(carried)
    assert SECRET not in texts
    assert "token=****" in texts


@pytest.mark.parametrize("place", range(1_900, 2_010, 10))
def test_what_is_cut_was_masked_before(
    place: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No half of a secret stands on the edge of an error, a traceback or a name."""
    monkeypatch.setenv("MY_SERVICE_TOKEN", SECRET * 4)
    text = f"{'x ' * (place // 2)}{SECRET * 4}"

    def fail() -> None:
        with lineage.task("t") as task, lineage.step("s"):
            task.uses(lineage.project(1).named(text[place - 1_000 :]))
            raise ValueError(text + " y" * (32_768 - place // 2))

    with capture(strict=False) as recorded:
        with pytest.raises(ValueError, match="x"):
            fail()
        texts = str(recorded.facts)
    assert SECRET not in texts
    assert SECRET[:6] not in texts


@pytest.mark.parametrize(
    "shape",
    [f"https://u:{SECRET}@h/x", f"https://h/x?token={SECRET}", f"password={SECRET}",
     f"Authorization: Bearer {SECRET}", f"postgres://u:a/{SECRET}@db/x",
     f'{{"client_secret": "{SECRET}"}}', f"--pass {SECRET}",
     f"ghp_{SECRET}{SECRET}abcd"],
)  # fmt: skip
def test_no_place_of_a_fact_holds_a_secret(shape: str) -> None:
    """Ids, names, steps, parameters, cards, errors and tracebacks are all masked."""
    with capture(strict=False) as recorded:
        with lineage.task(f"run {shape}") as task:
            task.uses_file(shape)
            task.produces_file(f"out/{shape}" if "://" not in shape else shape)
            task.uses_dataset(shape)
            task.produces(lineage.project(1).named(shape))
            with lineage.step(f"step {shape}", value=shape, nested={"a": [shape]}):
                task.uses_project(5)
            with pytest.raises(ValueError, match="x "):
                _fail(f"x {shape}")
        with pytest.raises(RuntimeError), lineage.task("fails"):
            raise RuntimeError(shape)
        texts = str(recorded.facts)
    assert SECRET not in texts


def test_names_inside_values_mark_what_is_secret() -> None:
    """A dict's key masks its value; other values are looked into."""
    value = {"password": SECRET, "a": [{"api_key": SECRET, "n": 1}], "tokens": 5}
    masked = Masker().within(value)
    assert masked == {
        "password": "****",
        "a": [{"api_key": "****", "n": 1}],
        "tokens": 5,
    }


def test_passwords_in_addresses_of_variables_are_secret() -> None:
    """`DATABASE_URL` gives its password away, not its host; paths are no secrets."""
    environ = {
        "DATABASE_URL": "postgres://u:hunter22@db/x",
        "GOOGLE_APPLICATION_CREDENTIALS": "/home/me/key.json",
        "GH_PAT": "abcdefgh",
        "PWD": "/home/me/work",
    }
    assert set(secret_values(environ)) == {"hunter22", "abcdefgh"}


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ({"token": [SECRET, 1234567]}, {"token": ["****", "****"]}),
        ({"password": {"v": SECRET, "n": 1}}, {"password": {"v": "****", "n": "****"}}),
        ({"auth": [{"a": [[SECRET]]}]}, {"auth": [{"a": [["****"]]}]}),
        ({"password": {"type": "string"}}, {"password": {"type": "string"}}),
        ({"pass": 2, "secret": None}, {"pass": 2, "secret": None}),
    ],
)
def test_everything_below_a_secret_name_is_masked(
    value: object, masked: object
) -> None:
    """Lists and objects keep their form; types, counts and nothing are no secrets."""
    assert Masker().within(value) == masked


def test_the_session_of_a_desktop_is_no_secret() -> None:
    """Else `ubuntu` would be masked in each name; the session of a service is one."""
    environ = {"DESKTOP_SESSION": "ubuntu", "XDG_SESSION_ID": "1234567"}
    assert secret_values({**environ, "APP_SESSION": "abcdef-1"}) == ["abcdef-1"]
