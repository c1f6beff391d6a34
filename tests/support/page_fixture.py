"""Facts that fill a store for tests of the page, sent as recorders send them."""

from __future__ import annotations

import base64
import hashlib
import itertools
from pathlib import Path
from typing import Any, NamedTuple

from instance_server import Served

#: A picture of one red point.
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAA"
    "AABJRU5ErkJggg=="
)
#: When the stories of the tests begin: a moment in the past that never moves.
START = 1_790_000_000.0

_uids = itertools.count()


class StoryFixture:
    """Collects facts and sends them.

    Args:
        served: The instance to fill.
    """

    def __init__(self, served: Served) -> None:
        self._served = served
        self._facts: list[dict[str, Any]] = []
        self._at = START
        self.keys: dict[str, str] = {}

    def fact(self, form: str, task: str, **fields: Any) -> None:
        """Add a fact; each is a minute later than the one before."""
        self._at += 60
        uid = f"world-{next(_uids)}"
        self._facts.append(
            {"uid": uid, "f": form, "task": task, "at": self._at, **fields}
        )

    def task(self, key: str, name: str, **fields: Any) -> None:
        """Open a task."""
        self.fact("task", key, name=name, **fields)

    def end(self, key: str, status: str = "finished", **fields: Any) -> None:
        """End a task."""
        self.fact("task_end", key, status=status, **fields)

    def uses(self, task: str, kind: str, id: int | str, **fields: Any) -> None:
        """Record an input."""
        self.fact("edge", task, dir="input", kind=kind, id=id, **fields)

    def makes(self, task: str, kind: str, id: int | str, **fields: Any) -> None:
        """Record an output."""
        self.fact("edge", task, dir="output", kind=kind, id=id, **fields)

    def send(self) -> None:
        """Deliver what was collected."""
        while self._facts:
            batch, self._facts = self._facts[:5000], self._facts[5000:]
            answer = self._served.post("lineage.facts.add", {"facts": batch})
            assert answer.status_code == 200, answer.text
            assert answer.json()["refused"] == []

    def find(self, name: str) -> str:
        """Return the key of the newest task of a name."""
        answer = self._served.post("lineage.tasks.list", {"text": name, "limit": 1})
        return str(answer.json()["tasks"][0]["node"]["key"])

    def key(self, selector: str) -> str:
        """Return the key of what a selector means."""
        answer = self._served.post("lineage.graph.get", {"select": selector})
        return str(answer.json()["focus"][0])

    def data(self, text: str) -> str:
        """Return the key of the artifact that a search finds first."""
        return str(self.node(text)["key"])

    def node(self, text: str) -> dict[str, Any]:
        """Return the artifact that a search finds first."""
        answer = self._served.post("lineage.search", {"text": text})
        hits = [hit["node"] for hit in answer.json()["hits"]]
        return next(node for node in hits if node["type"] == "data")


class SharedStory(NamedTuple):
    """An instance that several tests look at, and what it was filled with."""

    served: Served
    signs: StoryFixture


def digest(text: str) -> dict[str, Any]:
    """The stat that a recorder sends for a local file with this text."""
    return {
        "size": len(text),
        "mtime_ns": 1,
        "digest": "sha256:" + hashlib.sha256(text.encode()).hexdigest(),
    }


def stat(path: Path) -> dict[str, Any]:
    """The stat that a recorder sends for a file that exists."""
    content = path.read_bytes()
    return {
        "size": len(content),
        "mtime_ns": path.stat().st_mtime_ns,
        "digest": "sha256:" + hashlib.sha256(content).hexdigest(),
    }


CARD = {
    "customRelationSettings": {
        "title": "<h4>Experiment 118</h4>",
        "description": "<small>checkpoints and logs</small>",
        "icon": {
            "icon": "zmdi-folder",
            "color": "#7a3e00",
            "backgroundColor": "#ffe7c7",
        },
        "mainLink": {"url": "https://example.org/118", "title": "Open experiment"},
    }
}


def record_signs(world: StoryFixture, folder: Path) -> None:
    """A small story: import, label, train, evaluate (fails), train again."""
    picture, notes = folder / "confusion.png", folder / "notes.txt"
    picture.write_bytes(PICTURE)
    notes.write_text("loss falls\nall is well\n", "utf-8")
    world.task("import", "Import signs", user="mara", host="gpu-7")
    for number in range(37):
        world.uses(
            "import", "file", f"/bucket/part-{number:03}.tar", stat=digest(str(number))
        )
    world.makes("import", "project", 12, name="Road signs")
    world.end("import")
    world.task("label", "Label signs")
    world.uses("label", "project", 12, name="Road signs")
    world.uses("label", "dataset", 88, name="night rain")
    world.makes("label", "project", 31, name="Labelled signs")
    world.end("label")
    _train(world, "train", "first weights")
    world.task("evaluate", "Evaluate signs")
    world.uses("evaluate", "file", "/models/best.pt", is_model=True,
               stat=digest("first weights"))  # fmt: skip
    world.makes("evaluate", "file", str(picture), stat=stat(picture),
                local_path=str(picture))  # fmt: skip
    world.makes("evaluate", "file", str(notes), stat=stat(notes),
                local_path=str(notes))  # fmt: skip
    world.fact("log", "evaluate", level="info", message="reading 340 pictures")
    world.fact("log", "evaluate", level="error", message="labels are empty")
    traceback = "Traceback (most recent call last):\nValueError: labels are empty"
    error = traceback.rpartition("\n")[2]
    world.end("evaluate", "error", error=error, traceback=traceback)
    world.task("grow", "Grow labels")
    world.makes("grow", "project", 31, name="Labelled signs")
    world.end("grow")
    world.task("deploy", "Serve signs", status="deployed")
    world.uses("deploy", "file", "/models/best.pt", is_model=True,
               stat=digest("first weights"))  # fmt: skip
    world.send()


def _train(world: StoryFixture, key: str, weights: str) -> None:
    world.task(
        key, "Train signs", user="mara", host="gpu-7", python="3.11.7", pid=4711,
        git_commit="9f8e7d6c5b4a39281706f5e4d3c2b1a0ffeeddcc", git_dirty=True,
        command=f"train.py --out {weights!r}",
    )  # fmt: skip
    step = {"key": f"{key}-1", "name": "fit weights", "at": START + 3000,
            "params": {"epochs": 20, "rate": 0.001, "optimizer": "adam"}}  # fmt: skip
    world.uses(key, "project", 31, name="Labelled signs", step=step)
    world.uses(key, "job", 402, name="Check night scenes")
    world.makes(key, "file", "/models/best.pt", is_model=True, stat=digest(weights),
                derived_from=[{"kind": "project", "id": 31}])  # fmt: skip
    world.makes(key, "folder", "/experiments/118", meta=CARD)
    world.fact("step_end", key, step=f"{key}-1", outcome="ok")
    world.end(key)


def train_again(world: StoryFixture) -> None:
    """The second training, with other weights."""
    _train(world, "train-2", "second weights")
    world.send()


def record_chain(world: StoryFixture, nodes: int, *, fan: int = 3) -> None:
    """A chain of tasks with `fan` different outputs each: about `nodes` nodes."""
    kinds = ("project", "file", "dataset", "job")
    for number in range(max(1, nodes // (fan + 1))):
        key = f"chain-{number}"
        world.task(key, f"Chain {number:04}")
        if number:
            world.uses(key, kinds[0], 100_000 + (number - 1) * fan)
        for at in range(fan):
            kind = kinds[at % len(kinds)]
            artifact: int | str = 100_000 + number * fan + at
            world.makes(key, kind, f"/chain/{artifact}" if kind == "file" else artifact)
        world.end(key)
    world.send()
