"""Run the whole example: six runs that work, and one that fails on purpose.

    python examples/digits/run.py [FOLDER]

What it recorded is shown by `lineage tasks` and `lineage show model.joblib`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from apps import (
    evaluate_model,
    export_model,
    import_digits,
    split_digits,
    train_classifier,
)


def run(folder: Path) -> None:
    """Run each app in its turn."""
    folder.mkdir(parents=True, exist_ok=True)
    print("Import digits", flush=True)
    imported = import_digits(folder)
    print("Split digits")
    train, test = split_digits(imported.digits)
    print("Train classifier, with a strength that cannot be")
    try:
        train_classifier(train, strength=-1.0)
    except ValueError as error:
        print(f"  failed, as it should: {str(error).split(' Got ')[0]}")
    print("Train classifier")
    model = train_classifier(train, strength=0.1)
    print("Evaluate model")
    report = evaluate_model(model, test)
    print("Export model")
    export_model(model, report)
    print("Read new digits, in a process of its own", flush=True)
    second_app = Path(__file__).with_name("read_new.py")
    subprocess.run([sys.executable, second_app, folder], check=True)


if __name__ == "__main__":
    run(Path(sys.argv[1] if len(sys.argv) > 1 else ".lineage/digits"))
