"""Datasets of events have the names that apps give to the same places."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lineage.instance.openlineage.dataset_names import artifact_of
from lineage.model.addresses import canonical_address
from lineage.model.openlineage import dataset_name

_SCHEMES = [
    "s3", "gs", "abfss", "hdfs", "webhdfs", "oss", "https", "sftp", "postgres", "mysql",
    "mssql", "snowflake", "kafka", "db",
]  # fmt: skip
_TEXTS = st.text("aB/.?#&=[]:@%é 1", min_size=1, max_size=12)


@pytest.mark.parametrize(
    ("namespace", "name", "artifact"),
    [
        ("file", "/a/b.csv", ("file", "/a/b.csv")),
        ("file://", "/a/b.csv", ("file", "/a/b.csv")),
        ("file:", "/a/b.csv", ("file", "/a/b.csv")),
        ("file", "/a//x/../b.csv", ("file", "/a/b.csv")),
        ("file", "file:///a/b.csv", ("file", "/a/b.csv")),
        ("file:///a", "b.csv", ("file", "/a/b.csv")),
        ("file://localhost", "/a/b.csv", ("file", "/a/b.csv")),
        ("file://HOST", "/a/b.csv", ("file", "file://host/a/b.csv")),
        ("file", "/a/out/", ("folder", "/a/out")),
        ("", "/a/b.csv", ("file", "/a/b.csv")),
        ("", "s3://bucket/k", ("file", "s3://bucket/k")),
        ("s3a://bucket", "/k/x", ("file", "s3://bucket/k/x")),
        ("S3://bucket", "k/x", ("file", "s3://bucket/k/x")),
        ("s3://bucket/prefix", "k", ("file", "s3://bucket/prefix/k")),
        ("s3://bucket", "//k", ("file", "s3://bucket//k")),
        ("s3://", "bucket/k", ("file", "s3://bucket/k")),
        ("s3", "bucket/k", ("file", "s3://bucket/k")),
        ("s3://bucket", "out/", ("folder", "s3://bucket/out")),
        ("hdfs://Node:8020", "/a//b/../c", ("file", "hdfs://node/a/c")),
        ("wasb://c@acc.blob.core.windows.net", "p",
         ("file", "abfss://c@acc.dfs.core.windows.net/p")),
        ("https://acc.blob.core.windows.net/c", "p",
         ("file", "abfss://c@acc.dfs.core.windows.net/p")),
        ("https://Host.org", "d/x.csv", ("file", "https://host.org/d/x.csv")),
        ("dbfs", "/mnt/x", ("file", "dbfs:/mnt/x")),
        ("Postgres://DB:5432", "shop.t", ("table", "postgres://db/shop.t")),
        ("postgres://me@db:5433", "Shop.t", ("table", "postgres://db:5433/Shop.t")),
        ("postgresql://db", "shop.t", ("table", "postgres://db/shop.t")),
        ("sqlserver://db:1433", "shop.t", ("table", "mssql://db/shop.t")),
        ("snowflake://ORG-acc", "DB.S.T", ("table", "snowflake://org-acc/DB.S.T")),
        ("kafka://A:9092,B:9092", "t", ("table", "kafka://a:9092,b:9092/t")),
        ("bigquery", "p.d.t", ("table", "bigquery/p.d.t")),
        ("db://[host", "t", ("table", "db://[host/t")),
        ("lineage", "project/7", ("project", "7")),
        ("lineage", "other/7", ("table", "lineage/other/7")),
    ],
)  # fmt: skip
def test_artifacts_have_the_names_that_apps_give_them(
    namespace: str, name: str, artifact: tuple[str, str]
) -> None:
    """Local paths, objects of storages and tables, in one spelling each."""
    assert artifact_of({"namespace": namespace, "name": name}) == artifact


@given(st.sampled_from(_SCHEMES), st.sampled_from(["h", "b-1", "c@x"]), _TEXTS)
def test_an_exported_address_comes_back(scheme: str, host: str, path: str) -> None:
    """Keys with slashes, versions and signs too."""
    id = canonical_address(f"{scheme}://{host}/k{path}")
    namespace, name = dataset_name("file", id)
    found = artifact_of({"namespace": namespace, "name": name})[1]
    assert found == canonical_address(id).rstrip("/") or found == id


@given(_TEXTS, _TEXTS)
def test_any_namespace_has_an_artifact(namespace: str, name: str) -> None:
    """Whatever a producer writes."""
    kind, id = artifact_of({"namespace": namespace, "name": name})
    assert kind
    assert id
