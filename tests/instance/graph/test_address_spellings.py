"""Artifacts are found by their address in each of its spellings."""

from __future__ import annotations

import pytest
from store_engines import Facts

from lineage.errors import NotFoundError
from lineage.instance.graph import GraphQueries
from lineage.instance.store import Store

OBJECT, TABLE, FILE = "s3://bucket/k/x.csv", "gs://bucket/table", "file://box/d/x.pt"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("s3://bucket/k/x.csv", OBJECT),
        ("S3A://bucket/k/x.csv", OBJECT),
        ("https://bucket.s3.eu-west-1.amazonaws.com/k/x.csv", OBJECT),
        ("https://s3.amazonaws.com/bucket/k/x.csv?X-Amz-Signature=1", OBJECT),
        ("gcs://bucket/table/", TABLE),
        ("https://storage.googleapis.com/bucket/table", TABLE),
        ("file://box/d/x.pt", FILE),
        ("file:///d/x.pt", FILE),
        ("file://localhost/d/x.pt", FILE),
        ("/d/x.pt", FILE),
        ("https://other.s3.amazonaws.com/k/x.csv", None),
        ("file:///x.pt", None),
        ("file:///other/d/x.pt", None),
    ],
)
def test_any_spelling_of_an_address_finds_its_artifact(
    store: Store, typed: str, found: str | None
) -> None:
    """A place without its host means the one on any machine, as a path does."""
    run = Facts("run")
    files = [run.makes("file", name, canonical=name) for name in (OBJECT, FILE)]
    store.ingest(1, [*files, run.makes("folder", TABLE, canonical=TABLE)])
    graph = GraphQueries(store)
    if found is None:
        with pytest.raises(NotFoundError):
            graph.get([1], select=typed)
        return
    nodes = graph.get([1], select=typed, up=0, down=0).nodes
    assert [node.id for node in nodes] == [found]
