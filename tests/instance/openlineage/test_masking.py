"""Secrets in events are masked, and columns that are called like one are not lost."""

from __future__ import annotations

from lineage.instance.openlineage.masking import masked

SECRET = "Zq7XwS3cr3tV4lu3"


def test_everything_below_a_secret_name_is_masked() -> None:
    """In lists and objects too; what has no secret is the same object."""
    event = {"run": {"facets": {"x": {"token": [SECRET], "auth": {"v": SECRET}}}}}
    assert SECRET not in str(masked(event))
    row = {"name": "DB_PASSWORD", "value": SECRET, "type": "x"}
    assert masked([row]) == [{**row, "value": "****"}]
    words = ["train", "--password", f"a b {SECRET}", "--lr", "0.1"]
    assert masked({"argv": words})["argv"] == [*words[:2], "****", *words[3:]]
    plain = {"a": {"b": 1}}
    assert masked(plain) is plain


def test_columns_named_as_secrets_keep_their_facets() -> None:
    """Their lineage and metrics are no secrets; a secret inside is masked."""
    source = {"namespace": "pg://h", "name": "users", "field": "password"}
    fields = {"password": {"inputFields": [source], "token": SECRET}}
    facets = {"fields": fields, "columnMetrics": {"token": {"nullCount": 12345678}}}
    shown = masked(facets)
    assert shown["fields"]["password"]["inputFields"] == [source]
    assert shown["columnMetrics"] == facets["columnMetrics"]
    assert SECRET not in str(shown)
