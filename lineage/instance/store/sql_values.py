"""Values of rows, from columns or inside JSON, as both engines compare them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import NamedTuple


class Value(NamedTuple):
    """A comparable SQL expression: its rank by type, and its value by each type.

    Values of any mixture have an order: nothing, then numbers and truths, then
    texts, then arrays and objects, which are all alike.
    """

    rank: str
    """0 for nothing, 1 for a number or a truth, 2 for a text, 3 for the rest."""
    number: str = "NULL"
    """The number, NULL where it is none; a truth is 1 or 0."""
    text: str = "NULL"
    """The text, NULL where it is none."""
    is_bool: str = "1 = 0"
    is_int: str = "1 = 0"
    int_column: str | None = None
    """The column that holds it, where all are whole numbers."""
    time_column: str | None = None
    """The column whose seconds are shown as text."""


#: What is nowhere.
NOTHING = Value("0")
#: An object, whatever is in it.
OBJECT = Value("3")


def of_int(column: str) -> Value:
    """Describe a column of whole numbers."""
    rank = f"CASE WHEN {column} IS NULL THEN 0 ELSE 1 END"
    return Value(rank, number=column, is_int="1 = 1", int_column=column)


def of_text(engine: str, column: str) -> Value:
    """Describe a column of texts; they are in the order of their characters."""
    text = column if engine == "sqlite" else f'({column} COLLATE "C")'
    return Value(f"CASE WHEN {column} IS NULL THEN 0 ELSE 2 END", text=text)


def of_time(column: str) -> Value:
    """Describe a column of seconds that is shown as the platform writes times."""
    rank = f"CASE WHEN {column} IS NULL THEN 0 ELSE 2 END"
    return Value(rank, text=column, time_column=column)


def json_path(engine: str, parts: Sequence[str]) -> str | None:
    """Write a path into objects; None where a key cannot be named in one."""
    if any(not part or '"' in part or "\\" in part for part in parts):
        return None
    # SQLite compares a key as it is written, and bodies are written as ASCII.
    keys = "".join(f".{json.dumps(part)}" for part in parts)
    return f"${keys}" if engine == "sqlite" else f"strict ${keys}"


def json_columns(engine: str, body: str, parameter: str, name: str) -> str:
    """Spell what a subquery selects for `of_json` to describe."""
    if engine == "sqlite":
        return (
            f"json_type({body}, :{parameter}) AS {name}t,"
            f" json_extract({body}, :{parameter}) AS {name}"
        )
    return (
        f"jsonb_path_query_first(CAST({body} AS jsonb), CAST(:{parameter} AS jsonpath),"
        f" '{{}}', true) AS {name}"
    )


def of_json(engine: str, name: str) -> Value:
    """Describe a value inside JSON, by the columns that `json_columns` selected."""
    if engine == "sqlite":
        kind, truths = f"{name}t", "('true', 'false')"
        numbers, text, ints = "('integer', 'real', 'true', 'false')", "text", ""
        number = f"CASE WHEN {kind} IN {numbers} THEN {name} END"
        text_of = name
        ints = f"({kind} IS NOT NULL AND {kind} = 'integer')"
    else:
        kind, truths = f"jsonb_typeof({name})", "('boolean')"
        numbers, text = "('number', 'boolean')", "string"
        text_of = f"({name} #>> '{{}}') COLLATE \"C\""
        number = (
            f"CASE {kind} WHEN 'number' THEN CAST({name} #>> '{{}}' AS NUMERIC)"
            f" WHEN 'boolean' THEN CASE WHEN {name} #>> '{{}}' = 'true'"
            " THEN 1 ELSE 0 END END"
        )
        ints = f"({kind} = 'number' AND {name} #>> '{{}}' NOT LIKE '%.%')"
    return Value(
        f"CASE WHEN {kind} IN {numbers} THEN 1 WHEN {kind} = '{text}' THEN 2"
        f" WHEN {kind} IN ('array', 'object') THEN 3 ELSE 0 END",
        number=number,
        text=f"CASE WHEN {kind} = '{text}' THEN {text_of} END",
        is_bool=f"({kind} IS NOT NULL AND {kind} IN {truths})",
        is_int=ints,
    )


def or_else(engine: str, key: str, value: Value, other: Value) -> Value:
    """Return the other value where the key of `json_columns` is missing."""
    missing = f"{key}t IS NULL" if engine == "sqlite" else f"{key} IS NULL"

    def either(mine: str, others: str) -> str:
        return f"CASE WHEN {missing} THEN {others} ELSE {mine} END"

    return Value(
        either(value.rank, other.rank),
        number=either(value.number, other.number),
        text=either(value.text, other.text),
        is_bool=f"(({missing} AND {other.is_bool}) OR {value.is_bool})",
        is_int=f"(({missing} AND {other.is_int}) OR {value.is_int})",
    )
