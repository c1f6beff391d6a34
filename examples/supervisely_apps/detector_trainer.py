"""A detector's trainer: a project version and weights in, a folder and a report out.

Its settings come as the state of a page, as the platform's templates hand it over.
"""

from __future__ import annotations

from typing import Any

import lineage
from lineage import cards, produces_file, produces_folder, uses_file, uses_project

STATE = {"projectId": 11, "version": {"id": 900, "version": 4}, "weights": 31,
         "architecture": "yolo"}  # fmt: skip


def describe(folder: str, state: dict[str, Any]) -> lineage.WorkflowSettings:
    """Show a training by the architecture that was trained."""
    return cards.folder.titled(f"{state['architecture']} training")(folder)


@uses_project("state[projectId]", version=lambda state: state["version"])
@uses_file("state[weights]", model_weight=True, when="state[weights]")
@produces_folder("result[folder]", card=describe, node=cards.session)
@produces_file("result[best]", model_weight=True, card=cards.checkpoint)
@produces_file("result[report]", card=cards.report)
def train(state: dict[str, Any]) -> dict[str, Any]:
    """Train, and say where everything lies in Team Files."""
    folder = f"/training/{state['architecture']}"
    return {"folder": folder, "best": 32, "report": 33}


@lineage.app(name="Train detector")
def main() -> dict[str, Any]:
    """Train with the settings of the page."""
    return train(STATE)


if __name__ == "__main__":
    main()
