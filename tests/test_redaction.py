"""Secrets are found by their shape, and ordinary text is none."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.redaction import (
    MASK,
    is_secret,
    is_secret_name,
    passwords_in,
    redact,
    redact_values,
    show_command,
)

SECRET = "Zq7XwS3cr3tV4lu3"
LONG = SECRET * 3
#: Each shape in which a secret was seen to stand in names, errors or command lines.
SHAPES = [
    line.replace("SECRET", SECRET).replace("LONG", LONG).replace("\\n", "\n")
    for line in Path(__file__).with_name("secret_shapes.txt").read_text().splitlines()
    if line and not line.startswith("# ")
]
INNOCENTS = Path(__file__).with_name("innocents.txt").read_text().splitlines()
#: What may be left of the secrets above: nothing.
PARTS = (SECRET, "ZQ7XWS3CR3TV4LU3", "dXNlcjpacTdY")


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("place", ["{}", "x {} y", "\n{}\n", "ValueError: {}"])
def test_each_shape_is_masked(shape: str, place: str) -> None:
    """A shape is masked alone, between words, on a line of its own, in an error."""
    text = redact(place.format(shape))
    assert MASK in text
    assert not [part for part in PARTS if part in text]
    assert redact(text) == text


@pytest.mark.parametrize("text", INNOCENTS)
def test_ordinary_text_is_no_secret(text: str) -> None:
    """Paths, partitions, digests, commit ids and UUIDs stay what they are."""
    assert redact(text) == text


def test_there_are_300_innocents() -> None:
    """The list is long enough to mean something."""
    assert len(set(INNOCENTS)) >= 300


@pytest.mark.timeout(30)  # A rule that backtracks without bound takes hours.
@pytest.mark.parametrize(
    "piece",
    ["a:", "://", "pass=", '"', "\\", "token ", "-p ", "@", "token  ", "token=[",
     "token=[\n", "token=('", "token=a(", "{'auth':", "--a.",
     "-a-b_", "('token',", "'--password',", "curl -u", "['mysql',", "htpasswd -b ",
     "['a',", "['a'],", "'\"'\"'", " 'a'\"'\"'", "mysql 'a' ", "name: a,",
     "name: token value: ", "<password>", "<a ", 'password == "', 'x or "',
     "password=a if ", 'password="""', "password={a", "token a", "echo a |",
     "authorization: digest a=", "account.key.a", "jdbc:oracle:thin:a/", "sqlplus -a ",
     "--from-literal=a=", "<Cookie a=", "curl -s", "sk-", "\\\"",
     "password '", "machine a ", "://a:1", "user:12/", "postgres://u:1/",
     "://a/hooks/", "a1b2c3d4e5.atlasv1.", "pat"],
)  # fmt: skip
def test_no_text_takes_forever(piece: str) -> None:
    """Repetition makes no rule slow out of proportion."""
    text = f"password mysql token {piece * 3000}"
    assert redact(redact(text)) == redact(text)


@pytest.mark.parametrize("space", ["", " ", "\t", " " * 60])
@pytest.mark.parametrize("number", ["", "2", "_10"])
def test_a_value_is_masked_however_far_from_its_name(space: str, number: str) -> None:
    """Aligned settings and numbered names are found as any others."""
    assert SECRET not in redact(f"db_password{number}{space}= {SECRET}")


def test_a_secret_among_many_settings_is_masked() -> None:
    """However many ordinary values stand before it."""
    settings = [f"a{number}={number}" for number in range(20)]
    for count in range(len(settings)):
        text = " ".join([*settings[:count], f"token={SECRET}"])
        assert SECRET not in redact(text)


@given(st.text(max_size=200))
def test_masking_is_stable(text: str) -> None:
    """A text that was masked is not masked any further, and nothing raises."""
    assert redact(redact(text)) == redact(text)


@given(
    st.lists(
        st.sampled_from(
            ["password", "token", " ", "'", '"', "=", ":", "(", "[", "{", "}", ")", "]",
             ",", "-", "S3cr", "/", "@", "u:1", "#", "machine ", "login ", "curl -u ",
             "mysql -p", "b'", "\n", "****", "session", "signature", "1", "."]
        ),
        max_size=12,
    )
)  # fmt: skip
def test_masks_among_fragments_are_left_alone(pieces: list[str]) -> None:
    """A second look takes nothing away but what the first took for part of a word."""
    once = redact("".join(pieces))
    twice = redact(once)
    assert redact(twice) == twice


@pytest.mark.parametrize(
    "text",
    ["https://***12ab34@h/x", "https://h/x?key=***12ab34&a=1", "password=***12ab34"],
)
def test_what_was_masked_with_a_hash_keeps_it(text: str) -> None:
    """Names that differ in a secret alone stay different, however often masked."""
    assert redact(text) == text


@pytest.mark.parametrize(
    "name",
    ["password", "DB_PASS", "GH_PAT", "ENCRYPTION_KEY", "MYSQL_PWD", "api_key",
     "SLACK_WEBHOOK_URL", "clientSecret", "AWS_SECRET_ACCESS_KEY", "HF_TOKEN",
     "SENTRY_DSN", "pwd", "REDIS_AUTH", "AZURE_STORAGE_CONNECTION_STRING",
     "PASSWORD_2", "GOOGLE_CREDENTIALS", "session", "session_id", "sessionid",
     "session_key", "connection string", "dbPwd", "userPass", "DBPASS",
     "SharedAccessSignature", "dbpassword", "authToken"],
)  # fmt: skip
def test_names_of_secrets(name: str) -> None:
    """A variable or parameter of such a name holds a secret."""
    assert is_secret_name(name)


@pytest.mark.parametrize(
    "name",
    ["PWD", "OLDPWD", "MONKEY", "max_tokens", "PATH", "AUTHOR", "KEY", "sort_key",
     "SSH_AUTH_SOCK", "signature", "sessions", "InferenceSession", "compass",
     "bypass", "TOKENIZER", "pattern"],
)  # fmt: skip
def test_names_of_no_secrets(name: str) -> None:
    """Words that merely hold such a name are none."""
    assert not is_secret_name(name)


NAMES_OF_SECRETS = (
    "password", "passwd", "pwd", "pass", "secret", "client_secret", "token",
    "access_token", "api_key", "auth", "credential", "AccountKey", "SharedAccessKey",
    "connection_string", "cookie", "session", "session_id", "sessionid", "session_key",
    "dbPwd", "userPass", "DBPASS", "SharedAccessSignature", "signature", "apikey",
    "dbPassword", "clientSecret", "authToken", "db.password", "DB_PASS", "API_KEY_2",
)  # fmt: skip


PLACES_OF_NAMES = (
    "https://h/x?a=1&{}={}&b=2", "{{'a': 1, '{}': '{}'}}", '{{"{}": ["{}"]}}',
    "{}={}", "{}: {}", "f({}='{}')", "{}=Secret('{}')",
)  # fmt: skip
#: The signature of a model is a list, that of a function an object.
_NONE = {("signature", PLACES_OF_NAMES[2]), ("signature", PLACES_OF_NAMES[6])}


@pytest.mark.parametrize(
    ("name", "place"),
    [
        (name, place)
        for name in NAMES_OF_SECRETS
        for place in PLACES_OF_NAMES
        if (name, place) not in _NONE
    ],
)
def test_each_name_is_a_secret_in_each_text(name: str, place: str) -> None:
    """One list of names serves queries, dicts, parameters and settings."""
    text = redact(place.format(name, SECRET))
    assert SECRET not in text
    assert redact(text) == text


@pytest.mark.parametrize("name", NAMES_OF_SECRETS)
def test_each_name_is_a_secret_in_each_value(name: str) -> None:
    """As a key, a parameter, a variable, an option and the first of a pair."""
    assert is_secret(name, SECRET)
    assert SECRET not in str(redact_values({"a": [{name: SECRET}]}))
    if name != "signature":
        assert SECRET not in redact(f"train --{name} {SECRET} --lr 1")
        assert SECRET not in redact(f"['train', '--{name}', '{SECRET}']")
        assert SECRET not in redact(f"[('{name}', '{SECRET}')]")
        assert SECRET not in str(redact_values([f"--{name}", SECRET]))


def test_counts_and_signatures_of_functions_are_no_secrets() -> None:
    """A session has a number, a function or a model a signature."""
    value = {"session": "01", "signature": "(a, b)", "x": {"signature": {"in": ["a"]}}}
    assert redact_values(value) == value
    assert not is_secret("session", 12)
    assert is_secret("session", "1234567")


@pytest.mark.parametrize(
    "words",
    [["mysql", f"-p{SECRET}", "db"], ["/usr/bin/curl", "-u", f"me:{SECRET}", "it's"],
     ["docker", "login", "-p", SECRET], ["htpasswd", "-nb", "me", SECRET]],
)  # fmt: skip
def test_a_command_as_a_list_hides_its_password(words: list[str]) -> None:
    """Other words stay, also those with quotes."""
    masked = redact_values(words)
    assert len(masked) == len(words)
    assert SECRET not in str(masked)
    kept = [word for word in words if SECRET not in word]
    assert [word for word in masked if MASK not in word] == kept


#: What a password may hold beside letters, and what ends a word of a line.
SIGNS = (" ", ";", "&", ",", "'", '"', ")", "|", "<", "}", "$x{", "it's ", "\\")


@pytest.mark.parametrize(
    "words",
    [["train", "--password={}"], ["train", "--password", "{}"], ["mysql", "-p{}"],
     ["curl", "-su", "me:{}"], ["sshpass", "-p", "{}"], ["env", "MY_SECRET={}"],
     ["x", "postgres://u:{}@h/x"], ["docker", "login", "-p{}"],
     ["java", "-Dpassword={}"],
     ["twine", "upload", "-p", "{}"], ["ldapsearch", "-w{}"], ["http", "-a", "me:{}"],
     ["C:\\x\\plink.exe", "-pw", "{}"]],
)  # fmt: skip
def test_no_sign_ends_a_password_of_a_command(words: list[str]) -> None:
    """Where the words of a command are known, each secret word is masked whole."""
    for sign in SIGNS:
        given = [word.replace("{}", f"a{sign}{SECRET}") for word in words]
        assert show_command(given, str).count(MASK) == 1
        texts = [
            show_command(given, redact), str(redact_values(given)), redact(repr(given)),
            redact(json.dumps(given)), redact(f"Command '{given}' returned 1"),
        ]  # fmt: skip
        if sign != ",":  # A shell needs no quotes for it.
            texts.append(redact(shlex.join(given)))
        assert not [text for text in texts if SECRET in text]
        assert [text for text in texts if redact(text) != text] == []


def test_a_command_without_secrets_stays_what_a_shell_reads() -> None:
    """Words keep their quotes, and a mask alone gets none."""
    words = [
        "python",
        "train.py",
        "--lr",
        "0.1",
        "--name",
        "a b",
        "*.csv",
        "-p",
        "8080",
    ]
    assert show_command(words, redact) == shlex.join(words)
    assert show_command(["x", "--token", "a b"], redact) == "x --token ****"


@pytest.mark.parametrize(
    ("value", "masked"),
    [
        ({"name": "DB_PASSWORD", "value": "x"}, {"name": "DB_PASSWORD", "value": MASK}),
        (
            {"Key": "token", "T": 1, "Value": "x"},
            {"Key": "token", "T": 1, "Value": MASK},
        ),
        ({"name": "pass", "value": 0.75}, {"name": "pass", "value": 0.75}),
        ({"name": "lr", "value": "x"}, {"name": "lr", "value": "x"}),
        ({"name": ["token"], "value": "x"}, {"name": ["token"], "value": "x"}),
        ({"name": "token", "type": "string"}, {"name": "token", "type": "string"}),
    ],
)
def test_a_row_names_its_own_value(value: object, masked: object) -> None:
    """As the environment of a container has it; columns and measures are none."""
    assert redact_values([value]) == [masked]


def test_passwords_are_taken_out_of_addresses() -> None:
    """So that a password is masked also where it stands alone."""
    text = "a postgres://u:hunter2@db/x https://tok3n@h s3://b/k"
    assert passwords_in(text) == ["hunter2", "tok3n"]


_VALUES_WITH_SECRETS = st.recursive(
    st.sampled_from(
        [SECRET, SECRET.encode(), f"it's {SECRET}", f'"({SECRET}', 17, None]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.sampled_from(["a", "b c", "{"]), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(
    _VALUES_WITH_SECRETS,
    st.sampled_from(["password={}", "x {{'token': {}}} y", "api_key=Some({}, 3).x()"]),
    st.sampled_from([repr, lambda value: json.dumps(value, default=str)]),
)
def test_no_form_of_a_value_keeps_its_secret(value: Any, place: str, form: Any) -> None:
    """However deep in lists, objects, calls and quotes a secret stands."""
    text = redact(place.format(form(value)))
    assert SECRET not in text
    assert redact(text) == text


_NAMES = (
    "pass", "password", "access_token", "token_3", "api_key", "apiKey", "API_KEY",
    "key", "secret-key", "access-key-id", "session", "sessionKey", "auth", "pat",
    "cookie", "monkey", "sig", "conn_str", "connectionString", "DB_PASS2", "accessid",
)  # fmt: skip
_BEFORE = ("", "/", "/data/", "s3://b/", "?", "&", "--", "x ", '{"', "C:\\x\\", "/a?b/",
           "epoch=3 ")  # fmt: skip
_SEPARATORS = ("=", ":", " = ", "= ", "=>", "==", '":"', ":=", "=\t", "=Bearer ")
_VALUES = ("17", "17/a.csv", "hunter2xyz", "'q w'", "none", "", "/", "17/token=9/",
           "2 lr=3", "1234567 x", "2:x")  # fmt: skip


def test_the_quick_look_hides_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found without trying the rules is what the rules would find."""
    texts = [
        before + name + separator + value
        for before in _BEFORE
        for name in _NAMES
        for separator in _SEPARATORS
        for value in _VALUES
    ]
    quick = [redact(text) for text in texts]
    monkeypatch.setattr("lineage.redaction.text._named_places", lambda *_: [(0, 1_000)])
    assert [redact(text) for text in texts] == quick
    assert sum(MASK in text for text in quick) > len(texts) // 3
