"""Addresses: the spellings of one object meet, and two objects stay two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.model.addresses import (
    canonical_address,
    is_absolute,
    is_address,
    local_file,
    uri_path,
)

AZURE = "acct.dfs.core.windows.net"


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("S3://Bucket/Key.csv", "s3://bucket/Key.csv"),
        ("s3a://bucket/a", "s3://bucket/a"),
        ("s3n://bucket/a//b", "s3://bucket/a//b"),
        ("s3:/bucket/a", "s3://bucket/a"),
        ("gcs://b/k", "gs://b/k"),
        (f"abfs://c@{AZURE}/a", f"abfss://c@{AZURE}/a"),
        ("wasbs://c@acct.blob.core.windows.net/a", f"abfss://c@{AZURE}/a"),
        ("https://acct.blob.core.windows.net/c/a?sv=1&sig=x", f"abfss://c@{AZURE}/a"),
        ("https://b.s3.eu-west-1.amazonaws.com/k?X-Amz-Signature=1", "s3://b/k"),
        ("https://s3.amazonaws.com/b/k%20l", "s3://b/k l"),
        ("https://storage.googleapis.com/b/k?X-Goog-Expires=9", "gs://b/k"),
        ("HTTP://Host:80/a/%7Eb", "http://host/a/~b"),
        ("https://user:secret@host:443/x", "https://host/x"),
        ("https://host:8443/x", "https://host:8443/x"),
        ("https://h/x?b=2&a=1&Expires=5&Signature=z&Policy=p", "https://h/x?a=1&b=2"),
        ("https://h/x?st=NY", "https://h/x?st=NY"),
        ("https://h/", "https://h"),
        ("hdfs://NN:8020/a//b/../c", "hdfs://nn/a/c"),
        ("dbfs:/mnt/./x", "dbfs:/mnt/x"),
        ("dbfs:///mnt/x", "dbfs:/mnt/x"),
        ("simplecache::s3a://b/k", "s3://b/k"),
        ("zip://In.csv::s3a://b/k.zip", "zip://In.csv::s3://b/k.zip"),
        ("hf://datasets/a/B@main/c", "hf://datasets/a/B@main/c"),
        ("postgresql://me@DB:5432/shop.t", "postgres://db/shop.t"),
        ("postgresql+psycopg2://db/shop.t", "postgres://db/shop.t"),
        ("sqlserver://db:1433/shop.t", "mssql://db/shop.t"),
        ("mysql+pymysql://db:3307/shop.t", "mysql://db:3307/shop.t"),
        ("git+https://h/x", "git+https://h/x"),
        ("no/address", "no/address"),
    ],
)
def test_an_address_has_one_spelling(written: str, canonical: str) -> None:
    """Schemes, hosts, ports, signatures and slashes fold as the scheme folds them."""
    assert canonical_address(written) == canonical


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("s3://b/a", "s3://b/a/"),
        ("s3://b/a//b", "s3://b/a/b"),
        ("s3://b/a/../b", "s3://b/b"),
        ("s3://b/k?versionId=1", "s3://b/k?versionId=2"),
        ("gs://b/k?generation=1", "gs://b/k"),
        ("https://h/x?key=a", "https://h/x?key=b"),
        (f"abfss://c1@{AZURE}/a", f"abfss://c2@{AZURE}/a"),
        (
            "abfss://c@one.dfs.core.windows.net/a",
            "abfss://c@two.dfs.core.windows.net/a",
        ),
    ],
)
def test_two_objects_stay_two(one: str, other: str) -> None:
    """Keys, versions, containers and accounts are part of what is addressed."""
    assert canonical_address(one) != canonical_address(other)


def test_a_slash_at_the_end_of_a_folder_means_nothing() -> None:
    """A folder is one, with and without its last slash."""
    for written in ("s3://b/t", "s3://b/t/", "S3A://b/t//"):
        assert canonical_address(written, is_folder=True) == "s3://b/t"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("file:///a%20b/c", "/a b/c"),
        ("file:/a", "/a"),
        ("FILE://localhost/a", "/a"),
        ("file://other/a", None),
        ("file:a", None),
        ("/a", None),
        ("s3://a/b", None),
    ],
)
def test_a_file_address_is_a_local_path(text: str, path: str | None) -> None:
    """Every form of `file:` without another host is a path of this machine."""
    assert local_file(text) == path


def test_a_path_is_no_address() -> None:
    """A colon, a partition or a drive does not make an address."""
    for text in ("a/b", "/x/token=1", "C:\\x", "c:/x", "a:b", "/data/12:30"):
        assert not is_address(text)
    for text in ("s3://b/k", "dbfs:/x", "file:/x", "s3:/b/k", "jdbc:x://h"):
        assert is_address(text)


@given(
    st.from_regex(
        r"(s3a?|gs|https?|hdfs|abfss?|dbfs|file|x):/{1,3}[A-Za-z@:.0-9]{0,8}"
        r"(/[a-zA-Z.%0-9 ]{0,5}){0,4}(\?([a-z]{1,3}=[0-9]&?){0,3})?(#[a-z]*)?",
        fullmatch=True,
    ),
    st.booleans(),
)
def test_the_spelling_of_a_canonical_address_is_itself(text: str, flag: bool) -> None:
    """To make an address canonical twice changes nothing."""
    once = canonical_address(text, is_folder=flag)
    assert canonical_address(once, is_folder=flag) == once


@pytest.mark.parametrize(
    ("path", "inside"),
    [
        ("/data/x.csv", "/data/x.csv"),
        ("C:\\data\\x.csv", "/C:/data/x.csv"),
        ("c:/data/x.csv", "/C:/data/x.csv"),
        ("\\\\server\\share\\x.csv", "//server/share/x.csv"),
    ],
)
def test_whole_paths_of_each_system_have_a_place_in_an_address(
    path: str, inside: str
) -> None:
    """A drive is the first part of the path, and its letter is a capital."""
    assert is_absolute(path)
    assert uri_path(path) == inside


@pytest.mark.parametrize("text", ["x.csv", "C:x.csv", "s3://bucket/x", "\\x", ""])
def test_what_is_no_whole_path(text: str) -> None:
    """A path that depends on the folder one is in, or an address."""
    assert not is_absolute(text)


def test_an_address_of_a_drive_names_a_path_of_windows() -> None:
    """As `as_uri` of `pathlib.PureWindowsPath` writes it."""
    assert local_file("file:///C:/a%20b/x") == "C:/a b/x"
