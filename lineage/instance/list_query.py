"""Pages of listings, filtered, sorted and cut by the store itself."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from .errors import RequestError
from .pagination import checked_order, start_of
from .params import ListFilter, PageParams
from .store.database import Row, Transaction
from .store.sql_values import (
    NOTHING,
    Value,
    json_columns,
    json_path,
    of_json,
    or_else,
)
from .timestamps import seconds_from

_SIGNS: Final = {">": ">", ">=": ">=", "<": "<", "<=": "<="}
_EQUAL: Final = ("=", "eq")
_OPERATORS: Final = (*_EQUAL, "!=", "in", *_SIGNS)
_WHOLE: Final = re.compile(r"0|-?[1-9][0-9]{0,39}")
_MAX_INT: Final = 2**63 - 1


class Default(NamedTuple):
    """What a field shows where its body does not have a key."""

    key: str
    value: Value | str
    """The value, or the field of the body that holds it."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What a listing is made of: rows of a table, and what its fields stand for."""

    columns: str
    """What is selected, as columns of the table `r`."""
    source: str
    """What follows FROM in the subquery that is called `r`, with conditions."""
    names: str
    """The columns that the subquery selects."""
    params: Mapping[str, Any]
    fields: Mapping[str, Value]
    """Fields that stand in columns of `r`."""
    name_index: str = ""
    """The column of lowered names, where there is one with an index."""
    body: str = "body"
    """The column whose JSON has every other field."""
    defaults: Mapping[str, Default] = field(default_factory=dict)


class ListPage(NamedTuple):
    """One page's rows, and how many there are in all."""

    rows: list[Row]
    total: int


def read_page(tx: Transaction, rows: Rows, form: PageParams) -> ListPage:
    """Read the rows of the requested page, and no others.

    Raises:
        RequestError: The form names an operator, order or place that there is not.
    """
    start, query = start_of(form), _Query(tx.dialect.name, rows)
    direction = checked_order(form)
    where = " AND ".join(query.condition(f) for f in form.filter or ()) or "1 = 1"
    order = query.order(form.sort, direction)
    subquery = query.subquery()
    found = tx.all(
        f"SELECT {rows.columns} FROM {subquery} WHERE {where}"  # noqa: S608  values are parameters
        f" ORDER BY {order} LIMIT :page_size OFFSET :page_start",
        {**query.params, "page_size": form.per_page, "page_start": start},
    )
    if (found or not start) and len(found) < form.per_page:
        return ListPage(found, start + len(found))
    sql = f"SELECT COUNT(*) FROM {subquery} WHERE {where}"  # noqa: S608  values are parameters
    row = tx.one(sql, query.params)
    return ListPage(found, int(row[0]) if row else 0)


class _Query:
    """Collects the parameters and columns that one page's statements need."""

    def __init__(self, engine: str, rows: Rows) -> None:
        self._engine = engine
        self._rows = rows
        self._inside: dict[str, str] = {}
        self._columns: list[str] = []
        self._narrowed: list[str] = []
        self.params: dict[str, Any] = dict(rows.params)

    def subquery(self) -> str:
        """Return the rows, with the requested values inside their JSON."""
        columns = ", ".join([self._rows.names, *self._columns])
        # PostgreSQL would read each body again for each use of a value in it.
        fence = " OFFSET 0" if self._columns and self._engine != "sqlite" else ""
        source = " AND ".join([self._rows.source, *self._narrowed])
        return f"(SELECT {columns} FROM {source}{fence}) AS r"  # noqa: S608  made of constants

    def order(self, name: str, direction: str) -> str:
        """Return the order by a field; what is alike comes in the order of ids."""
        value = self._value(name)
        if value.int_column == "r.id":
            return f"r.id {direction}, r.team_id"
        keys = [value.rank, value.number, value.time_column or value.text]
        order = [f"{key} {direction}" for key in keys if key not in ("NULL", "0")]
        return ", ".join([*order, "r.id, r.team_id"])

    def condition(self, given: ListFilter) -> str:
        """Spell one condition of a filter."""
        if given.operator not in _OPERATORS:
            raise RequestError(
                400, "the operator of a filter is not known", field="filter.operator",
                value=given.operator, allowed=", ".join(_OPERATORS),
            )  # fmt: skip
        value = self._value(given.field)
        if given.operator in _SIGNS:
            return self._ordered(value, _SIGNS[given.operator], _scalar(given.value))
        wanted = given.value if given.operator == "in" else [given.value]
        if not isinstance(wanted, list):
            raise RequestError(
                400, "the operator `in` takes an array", field="filter.value",
                value=wanted, allowed="an array",
            )  # fmt: skip
        is_one = self._is_one_of(value, [_scalar(one) for one in wanted])
        if given.operator == "!=":
            return f"CASE WHEN {is_one} THEN 0 ELSE 1 END = 1"
        if given.field == "name":
            self._narrow(wanted)
        return is_one

    def _value(self, name: str) -> Value:
        known = self._rows.fields.get(name)
        if known is not None:
            return known
        if name.partition(".")[0] in self._rows.fields:
            return NOTHING  # no column holds an object
        inside = self._in_body(name)
        value = NOTHING if inside is None else of_json(self._engine, f"r.{inside}")
        default = self._rows.defaults.get(name)
        if default is None:
            return value
        key = self._in_body(default.key)
        other = default.value
        if isinstance(other, str):
            other = of_json(self._engine, f"r.{self._in_body(other)}")
        return or_else(self._engine, f"r.{key}", value, other)

    def _in_body(self, name: str) -> str | None:
        """Select a value inside the body, and return its column."""
        if name not in self._inside:
            path = json_path(self._engine, name.split("."))
            if path is None:
                return None
            column = f"v{len(self._inside)}"
            parameter = self._bind(path)
            body = self._rows.body
            self._inside[name] = column
            self._columns.append(json_columns(self._engine, body, parameter, column))
        return self._inside[name]

    def _bind(self, value: Any) -> str:
        name = f"p{len(self.params)}"
        self.params[name] = value
        return name

    def _narrow(self, wanted: Sequence[Any]) -> None:
        """Leave, by the index of names, few rows whose bodies are read."""
        if self._rows.name_index and all(isinstance(one, str) for one in wanted):
            names = [one.lower() for one in wanted]
            self._narrowed += self._among(self._rows.name_index, "text", names)

    def _is_one_of(self, value: Value, wanted: Sequence[Any]) -> str:
        texts = [one for one in wanted if isinstance(one, str)]
        numbers = [
            one for one in wanted
            if isinstance(one, (int, float)) and not isinstance(one, bool)
        ]  # fmt: skip
        spelled = [int(text) for text in texts if _WHOLE.fullmatch(text)]
        ways = [f"{value.rank} = 0"] if None in wanted else []
        ways += [
            f"({value.is_bool} AND {value.number} = {int(truth)})"
            for truth in (True, False)
            if any(one is truth for one in wanted)
        ]
        if value.int_column is not None:
            whole = [int(n) for n in (*numbers, *spelled) if n == int(n)]
            fitting = [number for number in whole if abs(number) <= _MAX_INT]
            ways += self._among(value.int_column, "int", fitting)
            return _any_of(ways)
        if value.time_column is not None:
            return _any_of([*ways, *self._at_times(value.time_column, texts)])
        ways += self._among(value.text, "text", texts)
        ways += self._numbers(value, f"NOT {value.is_bool}", numbers)
        ways += self._numbers(value, value.is_int, spelled)
        return _any_of(ways)

    def _among(self, column: str, kind: str, wanted: Sequence[Any]) -> list[str]:
        if not wanted:
            return []
        if len(wanted) == 1:
            type_name = {"int": "BIGINT", "text": "TEXT"}[kind]
            return [f"{column} = CAST(:{self._bind(wanted[0])} AS {type_name})"]
        name = self._bind(wanted)
        among = f"SELECT w.value FROM each_{kind}(:{name}) AS w"  # noqa: S608  names are constants of the code
        return [f"{column} IN ({among})"]

    def _numbers(self, value: Value, only: str, wanted: Sequence[Any]) -> list[str]:
        if not wanted:
            return []
        name = self._bind([repr(number) for number in wanted])
        among = f"SELECT CAST(w.value AS NUMERIC) FROM each_text(:{name}) AS w"  # noqa: S608  names are constants of the code
        return [f"({only} AND {value.number} IN ({among}))"]

    def _at_times(self, column: str, texts: Sequence[str]) -> list[str]:
        pairs = [(seconds_from(t), seconds_from(t, is_after=True)) for t in texts]
        starts = [repr(low) for low, high in pairs if low < high]
        if not starts:
            return []
        name = self._bind(starts)
        low = "CAST(w.value AS DOUBLE PRECISION)"
        within = f"{column} >= {low} AND {column} < {low} + 0.001"
        among = f"SELECT 1 FROM each_text(:{name}) AS w WHERE {within}"  # noqa: S608  names are constants of the code
        return [f"EXISTS ({among})"]

    def _ordered(self, value: Value, sign: str, wanted: Any) -> str:
        is_more = sign[0] == ">"
        if wanted is None:
            return f"{value.rank} > 0" if is_more else "1 = 0"
        if isinstance(wanted, str):
            beyond = f"{value.rank} > 2" if is_more else f"{value.rank} = 1"
            return f"({beyond} OR {self._texts(value, sign, wanted)})"
        if value.int_column and type(wanted) is int and abs(wanted) <= _MAX_INT:
            return f"{value.int_column} {sign} :{self._bind(wanted)}"
        number = self._bind(repr(wanted + 0))
        beyond = f"{value.rank} > 1" if is_more else "1 = 0"
        return f"({beyond} OR {value.number} {sign} CAST(:{number} AS NUMERIC))"

    def _texts(self, value: Value, sign: str, wanted: str) -> str:
        if value.time_column is None:
            return f"{value.text} {sign} CAST(:{self._bind(wanted)} AS TEXT)"
        at = seconds_from(wanted, is_after=sign in (">", "<="))
        turned = ">=" if sign[0] == ">" else "<"
        return f"{value.time_column} {turned} :{self._bind(at)}"


def _any_of(ways: Sequence[str]) -> str:
    return f"({' OR '.join(ways)})" if ways else "1 = 0"


def _scalar(value: Any) -> Any:
    if isinstance(value, (list, dict)) or (
        isinstance(value, float) and not math.isfinite(value)
    ):
        raise RequestError(
            400, "a filter compares with one value", field="filter.value", value=value,
            allowed="a text, a number, true, false or null",
        )  # fmt: skip
    return value
