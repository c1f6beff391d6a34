"""An importer: many files of a Team Files folder in, one project out.

The loop calls a declared function for each file; each call records its own edges.
"""

from __future__ import annotations

import os

import lineage
from lineage import produces_dataset, uses_file

api = lineage.Api.from_env()
TEAM_ID = int(os.environ["TEAM_ID"])
WORKSPACE_ID = int(os.environ["WORKSPACE_ID"])
FOLDER = os.environ["FOLDER"]


@uses_file("file")
@produces_dataset(derived_from=["file"])
def import_one(file: lineage.FileInfo, project_id: int) -> lineage.DatasetInfo:
    """Make a dataset of one file."""
    return api.dataset.create(project_id, file.name.partition(".")[0])


@lineage.app(name="Import files")
def main() -> None:
    """Make the project, and import file after file into it."""
    task = lineage.current_task()
    task.uses_folder(FOLDER)
    made = api.project.create(WORKSPACE_ID, "Imported scenes")
    task.produces_project(made)
    for file in api.file.list(TEAM_ID, FOLDER, return_type="fileinfo"):
        dataset = import_one(file, made.id)
        print(f"  {file.name} → dataset {dataset.id}")


if __name__ == "__main__":
    main()
