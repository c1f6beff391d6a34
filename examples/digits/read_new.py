"""A second app, in a process of its own: it reads new digits with the model.

python examples/digits/read_new.py FOLDER
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import joblib
import numpy as np

import lineage


@lineage.app(name="Read new digits")
def main() -> None:
    """Read the digits that were put aside, and write down what they are."""
    folder = Path(sys.argv[1])
    task = lineage.current_task()
    # Each method of the task's handle gives back what it was given.
    model = task.uses_file(folder / "model.joblib", model_weight=True)
    scans = task.uses_file(folder / "new_scans.npz")

    digits = joblib.load(model).predict(np.load(scans)["pictures"] / 16)

    with lineage.step("write down"):
        readings = folder / "readings.csv"
        with readings.open("w", newline="") as file:
            csv.writer(file).writerows(enumerate(digits))
        task.produces_file(readings)
    print(f"  {len(digits)} new digits: {''.join(map(str, digits[:32]))} …")


if __name__ == "__main__":
    main()
