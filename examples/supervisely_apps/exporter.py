"""An exporter: one project in, one archive in Team Files out.

Like most published apps it keeps its context in module state.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import lineage
from lineage import cards, produces_file, uses_project

api = lineage.Api.from_env()
TEAM_ID = int(os.environ["TEAM_ID"])
PROJECT_ID = int(os.environ["PROJECT_ID"])
TASK_ID = os.environ.get("SUPERVISELY_TASK_ID")


@uses_project(lambda: PROJECT_ID)
@produces_file(card=cards.download)
def export() -> lineage.FileInfo:
    """Write down what is in the project, and put it into Team Files."""
    project = api.project.get_info_by_id(PROJECT_ID)
    datasets = api.dataset.get_list(PROJECT_ID)
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / f"{project.name}.json"
        archive.write_text(json.dumps([dataset.name for dataset in datasets]))
        return api.file.upload(TEAM_ID, str(archive), f"/export/{archive.name}")


@lineage.app(name="Export project")
def main() -> None:
    """Export, and show the archive as the task's output."""
    file = export()
    if TASK_ID is not None:
        api.task.set_output_archive(int(TASK_ID), file.id, file.name)
    print(f"  {file.path}")


if __name__ == "__main__":
    main()
