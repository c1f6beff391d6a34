"""The example that `lineage demo` brings along: seven runs on days that it makes up.

    python -m lineage.cli.demo_app FOLDER

It needs nothing but lineage: how many ices a kiosk sells follows the warmth of the day,
a training finds the line, and one training fails on purpose.
"""

from __future__ import annotations

import csv
import json
import random
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import StatisticsError, fmean
from typing import Final, NamedTuple

import lineage

_DAYS: Final = 365
_NEW: Final = 30


class Imported(NamedTuple):
    """The files that the import wrote."""

    days: Path
    new_days: Path


def make_kiosk(folder: Path) -> Path:
    """Write down a year of a kiosk; the same one each time."""
    chance = random.Random(7)  # noqa: S311  # data of an example
    kiosk = folder / "kiosk.csv"
    _write(kiosk, [_day(number, chance) for number in range(_DAYS)])
    return kiosk


def _day(number: int, chance: random.Random) -> list[str]:
    warmth = round(chance.uniform(-5, 35), 1)
    ices = max(0, round(12 + 3.5 * warmth + chance.gauss(0, 8)))
    return [str(number), str(warmth), str(ices)]


@lineage.app(name="Import days")
@lineage.uses_file("kiosk")
@lineage.produces_file("result.days")
@lineage.produces_file("result.new_days")
def import_days(kiosk: Path) -> Imported:
    """Keep the days on which the kiosk was open, and put some aside."""
    rows = [row for row in _rows(kiosk) if float(row[2]) > 0]
    made = Imported(kiosk.with_name("days.csv"), kiosk.with_name("new_days.csv"))
    _write_parts(rows, len(rows) - _NEW, made)
    return made


@lineage.app(name="Split days")
@lineage.uses_file("days")
@lineage.produces_file("result[]")
def split_days(days: Path) -> list[Path]:
    """Keep a fifth for the test."""
    rows = _rows(days)
    parts = [days.with_name("train.csv"), days.with_name("test.csv")]
    cut = len(rows) * 4 // 5
    _write_parts(rows, cut, parts)
    return parts


@lineage.app(name="Train line")
@lineage.uses_file("train")
@lineage.produces_file(model_weight=True)
def train_line(train: Path, *, share: float) -> Path:
    """Fit a line through a share of the days; a share of none makes it fail."""
    rows = _rows(train)
    slope, start = _line(rows[: int(len(rows) * share)])
    model = train.with_name("model.json")
    model.write_text(json.dumps({"slope": slope, "start": start}), encoding="utf-8")
    return model


def _line(rows: list[list[str]]) -> tuple[float, float]:
    warmth, ices = _column(rows, 1), _column(rows, 2)
    middle, height = fmean(warmth), fmean(ices)
    products = [(x - middle) * (y - height) for x, y in zip(warmth, ices, strict=True)]
    slope = sum(products) / sum((x - middle) ** 2 for x in warmth)
    return slope, height - slope * middle


def _column(rows: list[list[str]], at: int) -> list[float]:
    return [float(row[at]) for row in rows]


@lineage.app(name="Evaluate model")
def evaluate_model(model: Path, test: Path) -> Path:
    """Measure how far off the model is: the same declarations, as a block."""
    report = model.with_name("report.json")
    with (
        lineage.uses_file(model, model_weight=True),
        lineage.uses_file(test),
        lineage.produces_file(report),
    ):
        error = _mean_error(model, _rows(test))
        report.write_text(json.dumps({"mean_error": error}), encoding="utf-8")
    return report


def _mean_error(model: Path, rows: list[list[str]]) -> float:
    return fmean(abs(_guess(model, row) - float(row[2])) for row in rows)


@lineage.app(name="Export model")
@lineage.uses_file("model", model_weight=True)
@lineage.uses_file("report")
@lineage.produces_file(derived_from=["model", "report"])
def export_model(model: Path, report: Path) -> Path:
    """Write down what the model says, and how good it is."""
    notes = model.with_name("model_notes.md")
    error = json.loads(report.read_text(encoding="utf-8"))["mean_error"]
    notes.write_text(f"# Ices\n\n{error:.1f} ices off.\n", encoding="utf-8")
    return notes


@lineage.app(name="Predict new days")
def predict_days(folder: Path) -> None:
    """Predict how many ices to buy for the days that were put aside."""
    task = lineage.current_task()
    # Each method of the task's handle gives back what it was given.
    model = task.uses_file(folder / "model.json", model_weight=True)
    days = task.uses_file(folder / "new_days.csv")
    guesses = [[row[0], str(round(_guess(model, row)))] for row in _rows(days)]
    with lineage.step("write down"):
        task.produces_file(_written(folder / "predictions.csv", guesses))


def _written(path: Path, rows: list[list[str]]) -> Path:
    _write(path, rows)
    return path


def run(folder: Path) -> None:
    """Run each app in its turn."""
    folder.mkdir(parents=True, exist_ok=True)
    imported = import_days(make_kiosk(folder))
    train, test = split_days(imported.days)
    _try_without_days(train)
    model = train_line(train, share=1)
    export_model(model, evaluate_model(model, test))
    print("The last app, in a process of its own", flush=True)
    again = [sys.executable, "-m", "lineage.cli.demo_app", str(folder), "predict"]
    subprocess.run(again, check=True)


def _try_without_days(train: Path) -> None:
    try:
        train_line(train, share=0)
    except StatisticsError as error:
        print(f"A training without a day fails, as it should: {error}")


def _guess(model: Path, row: list[str]) -> float:
    line = json.loads(model.read_text(encoding="utf-8"))
    return float(line["start"] + line["slope"] * float(row[1]))


def _rows(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def _write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


def _write_parts(rows: list[list[str]], cut: int, paths: Sequence[Path]) -> None:
    print(f"{len(rows)} days: {cut} and {len(rows) - cut}")
    for path, part in zip(paths, (rows[:cut], rows[cut:]), strict=True):
        _write(path, part)


if __name__ == "__main__":
    if sys.argv[2:] == ["predict"]:
        predict_days(Path(sys.argv[1]))
    else:
        run(Path(sys.argv[1]))
