"""Five small apps that turn scanned digits into a tested classifier.

Each function is an app of its own, so each call becomes one task of the graph. The
lines above a function, which begin with `@`, are all that lineage needs.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
import sklearn.datasets
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, confusion_matrix
from sklearn.model_selection import train_test_split

import lineage
from lineage import cards, produces_file, uses_file

#: 1,797 digits that people wrote; the file comes inside scikit-learn.
SCANS = Path(sklearn.datasets.__file__).parent / "data" / "digits.csv.gz"

#: How many of them the second app shall read; no model ever sees them before.
NEW = 97


class Imported(NamedTuple):
    """The files that the import wrote."""

    digits: Path
    new_scans: Path


class Exported(NamedTuple):
    """The files that the export wrote."""

    weights: Path
    notes: Path


@lineage.app(name="Import digits")
@uses_file(lineage.file(SCANS))
@produces_file("result.digits")
@produces_file("result.new_scans")
def import_digits(folder: Path) -> Imported:
    """Unpack the scans, and put some aside for the second app."""
    table = np.loadtxt(SCANS, delimiter=",")
    pictures, labels = table[:, :-1], table[:, -1].astype(int)
    imported = Imported(folder / "digits.npz", folder / "new_scans.npz")
    np.savez(imported.digits, pictures=pictures[:-NEW], labels=labels[:-NEW])
    np.savez(imported.new_scans, pictures=pictures[-NEW:])
    print(f"  {len(pictures)} digits of 8 x 8 pixels")
    return imported


@lineage.app(name="Split digits")
@uses_file("digits")
@produces_file("result[]")
def split_digits(digits: Path) -> list[Path]:
    """Keep a fifth for the test."""
    data = np.load(digits)
    parts = train_test_split(
        data["pictures"], data["labels"], test_size=0.2, random_state=7
    )
    train, test = digits.with_name("train.npz"), digits.with_name("test.npz")
    np.savez(train, pictures=parts[0], labels=parts[2])
    np.savez(test, pictures=parts[1], labels=parts[3])
    print(f"  {len(parts[0])} for training, {len(parts[1])} for the test")
    return [train, test]


@lineage.app(name="Train classifier")
@uses_file("train")
@produces_file(model_weight=True, card=cards.checkpoint)
def train_classifier(train: Path, *, strength: float) -> Path:
    """Fit a logistic regression; a `strength` below zero makes it fail."""
    data = np.load(train)
    classifier = LogisticRegression(C=strength, max_iter=2000, random_state=7)
    classifier.fit(data["pictures"] / 16, data["labels"])
    model = train.with_name("model.joblib")
    joblib.dump(classifier, model)
    print(f"  {len(classifier.classes_)} classes, {classifier.coef_.size} weights")
    return model


@lineage.app(name="Evaluate model")
def evaluate_model(model: Path, test: Path) -> Path:
    """Count what the model reads right: the same declarations, as a block."""
    report = model.with_name("report.json")
    with uses_file(model, model_weight=True), uses_file(test), produces_file(report):
        classifier, data = joblib.load(model), np.load(test)
        guesses = classifier.predict(data["pictures"] / 16)
        accuracy = accuracy_score(data["labels"], guesses)
        mistakes = confusion_matrix(data["labels"], guesses).tolist()
        report.write_text(json.dumps({"accuracy": accuracy, "confusion": mistakes}))
    print(f"  {accuracy:.1%} of {len(guesses)} digits read right")
    return report


@lineage.app(name="Export model")
@uses_file("model", model_weight=True)
@uses_file("report")
@produces_file("result.weights", derived_from=["model"])
@produces_file("result.notes", derived_from=["model", "report"])
def export_model(model: Path, report: Path) -> Exported:
    """Write the bare weights, and notes that say how good they are."""
    classifier = joblib.load(model)
    exported = Exported(
        model.with_name("weights.csv"), model.with_name("model_notes.md")
    )
    np.savetxt(exported.weights, classifier.coef_, delimiter=",", fmt="%.6f")
    accuracy = json.loads(report.read_text())["accuracy"]
    exported.notes.write_text(f"# Digits\n\nReads {accuracy:.1%} of the test right.\n")
    print(f"  {exported.weights.name} and {exported.notes.name}")
    return exported
