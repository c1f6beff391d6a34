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
from pathlib import Path
from typing import Final, NamedTuple

import lineage
from lineage import produces_file, uses_file

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
    with kiosk.open("w", newline="", encoding="utf-8") as file:
        for day in range(_DAYS):
            warmth = round(chance.uniform(-5, 35), 1)
            ices = max(0, round(12 + 3.5 * warmth + chance.gauss(0, 8)))
            csv.writer(file).writerow([day, warmth, ices])
    return kiosk


@lineage.app(name="Import days")
@uses_file("kiosk")
@produces_file("result.days")
@produces_file("result.new_days")
def import_days(kiosk: Path) -> Imported:
    """Keep the days on which the kiosk was open, and put some aside."""
    rows = [row for row in _rows(kiosk) if float(row[2]) > 0]
    made = Imported(kiosk.with_name("days.csv"), kiosk.with_name("new_days.csv"))
    _write(made.days, rows[:-_NEW])
    _write(made.new_days, rows[-_NEW:])
    print(f"  {len(rows)} of {_DAYS} days")
    return made


@lineage.app(name="Split days")
@uses_file("days")
@produces_file("result[]")
def split_days(days: Path) -> list[Path]:
    """Keep a fifth for the test."""
    rows = _rows(days)
    train, test = days.with_name("train.csv"), days.with_name("test.csv")
    cut = len(rows) * 4 // 5
    _write(train, rows[:cut])
    _write(test, rows[cut:])
    print(f"  {cut} for training, {len(rows) - cut} for the test")
    return [train, test]


@lineage.app(name="Train line")
@uses_file("train")
@produces_file(model_weight=True)
def train_line(train: Path, *, share: float) -> Path:
    """Fit a line through a share of the days; a share of none makes it fail."""
    rows = _rows(train)
    rows = rows[: int(len(rows) * share)]
    if not rows:
        raise ValueError(f"a share of {share:g} leaves no day to learn from")
    warmth, ices = ([float(row[at]) for row in rows] for at in (1, 2))
    middle, height = sum(warmth) / len(rows), sum(ices) / len(rows)
    slope = sum(
        (x - middle) * (y - height) for x, y in zip(warmth, ices, strict=True)
    ) / sum((x - middle) ** 2 for x in warmth)
    model = train.with_name("model.json")
    fitted = {"slope": slope, "start": height - slope * middle}
    model.write_text(json.dumps(fitted), encoding="utf-8")
    print(f"  {slope:.2f} more ices for each degree")
    return model


@lineage.app(name="Evaluate model")
def evaluate_model(model: Path, test: Path) -> Path:
    """See how far off the model is: the same declarations, as a block."""
    report = model.with_name("report.json")
    with uses_file(model, model_weight=True), uses_file(test), produces_file(report):
        rows = _rows(test)
        misses = [abs(_guess(model, row) - float(row[2])) for row in rows]
        error = sum(misses) / len(misses)
        report.write_text(json.dumps({"mean_error": error}), encoding="utf-8")
    print(f"  {error:.1f} ices off, on {len(rows)} days")
    return report


@lineage.app(name="Export model")
@uses_file("model", model_weight=True)
@uses_file("report")
@produces_file(derived_from=["model", "report"])
def export_model(model: Path, report: Path) -> Path:
    """Write down what the model says, and how good it is."""
    notes = model.with_name("model_notes.md")
    error = json.loads(report.read_text(encoding="utf-8"))["mean_error"]
    notes.write_text(f"# Ices\n\n{error:.1f} ices off.\n", encoding="utf-8")
    print(f"  {notes.name}")
    return notes


@lineage.app(name="Predict new days")
def predict_days(folder: Path) -> None:
    """Say how many ices to buy for the days that were put aside."""
    task = lineage.current_task()
    # Each method of the task's handle gives back what it was given.
    model = task.uses_file(folder / "model.json", model_weight=True)
    days = task.uses_file(folder / "new_days.csv")
    guesses = [[row[0], str(round(_guess(model, row)))] for row in _rows(days)]
    with lineage.step("write down"):
        predictions = folder / "predictions.csv"
        _write(predictions, guesses)
        task.produces_file(predictions)
    print(f"  {sum(int(guess[1]) for guess in guesses)} ices for {len(guesses)} days")


def run(folder: Path) -> None:
    """Run each app in its turn."""
    folder.mkdir(parents=True, exist_ok=True)
    print("Import days", flush=True)
    imported = import_days(make_kiosk(folder))
    print("Split days")
    train, test = split_days(imported.days)
    print("Train line, with no day to learn from")
    try:
        train_line(train, share=0)
    except ValueError as error:
        print(f"  failed, as it should: {error}")
    print("Train line")
    model = train_line(train, share=1)
    print("Evaluate model")
    report = evaluate_model(model, test)
    print("Export model")
    export_model(model, report)
    print("Predict new days, in a process of its own", flush=True)
    again = [sys.executable, "-m", "lineage.cli.demo_app", str(folder), "predict"]
    subprocess.run(again, check=True)


def _guess(model: Path, row: list[str]) -> float:
    line = json.loads(model.read_text(encoding="utf-8"))
    return float(line["start"] + line["slope"] * float(row[1]))


def _rows(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def _write(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


if __name__ == "__main__":
    if sys.argv[2:] == ["predict"]:
        predict_days(Path(sys.argv[1]))
    else:
        run(Path(sys.argv[1]))
