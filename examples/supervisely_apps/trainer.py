"""A trainer: a version of a project and start weights in, checkpoints and a report out.

Its settings come as a dict, as the platform's templates hand them over.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import lineage
from lineage import cards, produces_file, uses_file, uses_project

api = lineage.Api.from_env()
TEAM_ID = int(os.environ["TEAM_ID"])
EPOCHS = 3


def best(checkpoints: list[lineage.FileInfo]) -> lineage.FileInfo:
    """The last checkpoint is the best one here."""
    return checkpoints[-1]


@uses_project("project.id", version=lineage.snapshot("before training"))
@uses_file("settings[weights]", model_weight=True)
@produces_file(
    lambda result: best(result["checkpoints"]), model_weight=True, card=cards.folder
)
@produces_file("result[report]", card=cards.report)
def train(project: lineage.ProjectInfo, settings: dict[str, Any]) -> dict[str, Any]:
    """Train, and upload a checkpoint for each epoch and a report."""
    remote = f"/training/{project.name}"
    with tempfile.TemporaryDirectory() as folder:
        checkpoints = []
        for epoch in range(1, settings["epochs"] + 1):
            weights = Path(folder) / f"epoch_{epoch}.pt"
            weights.write_bytes(bytes([epoch]) * 64)
            target = f"{remote}/checkpoints/{weights.name}"
            checkpoints.append(api.file.upload(TEAM_ID, str(weights), target))
        report = Path(folder) / "report.json"
        report.write_text(json.dumps({"epochs": settings["epochs"]}))
        uploaded = api.file.upload(TEAM_ID, str(report), f"{remote}/{report.name}")
    return {"checkpoints": checkpoints, "report": uploaded}


@lineage.app(name="Train model", card=cards.session)
def main() -> None:
    """Read the project and the settings, and train."""
    project = api.project.get_info_by_id(int(os.environ["PROJECT_ID"]))
    settings = {"epochs": EPOCHS, "weights": os.environ.get("WEIGHTS")}
    result = train(project, settings)
    print(f"  {best(result['checkpoints']).path}")


if __name__ == "__main__":
    main()
