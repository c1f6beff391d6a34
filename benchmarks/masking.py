"""What masking costs a text that holds no secret, and one that does."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from lineage.redaction import redact

from .harness import Goal, Options, Table, duration, percentile

TITLE = "masking one text"
_TESTS = Path(__file__).resolve().parents[1] / "tests"
_CALLS = 50

#: What apps record mostly: ids, names, addresses and command lines.
ORDINARY = (
    "/data/coco/train2017/000000000009.jpg",
    "out/run-12/model_best.pt",
    "s3://bucket/datasets/coco/annotations/instances_train2017.json",
    "gs://team-models/segmentation/2024-05-17/best.ckpt",
    "abfss://raw@lake.dfs.core.windows.net/events/2024/05/17/part-0001.parquet",
    "postgresql://db.example:5432/warehouse",
    "https://huggingface.co/org/name/resolve/main/model.safetensors",
    "Lemons (labeled)",
    "Train YOLO v8",
    "train",
    "before training, 2024-05-17 12:34",
    "python -m app.train --data /data/in.csv --epochs 30 --lr=0.001 --out out/model.pt",
    "ValueError: could not convert string to float: 'abc'",
    "sha256:2c624232cdd221771294dfbb310aca000a0df6ac8b66b696d90ef06fdefb64a3",
    "0123456789abcdef0123456789abcdef01234567",
    "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
)


def run(options: Options) -> list[Table]:
    """Measure each text of each list, in turns, and show how the lists differ."""
    rounds = options.pick_rounds(40, 10)
    lists = {
        "texts of apps": ORDINARY,
        "texts that look like secrets": _lines("innocents.txt"),
        "secrets, each in its shape": _shapes(),
    }
    table = Table(TITLE, ("", "texts", "mean", "median", "90 %", "slowest"))
    for name, texts in lists.items():
        times = sorted(_least_ns(text, rounds) for text in texts)
        shown = (
            statistics.mean(times), statistics.median(times), percentile(times, 0.9),
            times[-1],
        )  # fmt: skip
        table.rows.append([name, str(len(texts)), *map(duration, shown)])
        if not name.startswith("secrets"):
            promise = f"masking, {name}, mean"
            table.goals.append(Goal(promise, shown[0] / 1000, 2, " us"))
    table.notes.append("of each text the quickest of the rounds, less an empty call")
    table.notes.append("the look-alikes are the list that the tests hold unmasked")
    return [table]


def _least_ns(text: str, rounds: int) -> float:
    with_text = min(_call_ns(redact, text) for _ in range(rounds))
    return max(0.0, with_text - min(_call_ns(str, text) for _ in range(rounds)))


def _call_ns(function: object, text: str) -> float:
    assert callable(function)
    start = time.perf_counter_ns()
    for _ in range(_CALLS):
        function(text)
    return (time.perf_counter_ns() - start) / _CALLS


def _lines(name: str) -> list[str]:
    lines = (_TESTS / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("# ")]


def _shapes() -> list[str]:
    secret = "Zq7XwS3cr3tV4lu3"
    return [
        line.replace("SECRET", secret).replace("LONG", secret * 3)
        for line in _lines("secret_shapes.txt")
    ]
