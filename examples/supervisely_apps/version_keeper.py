"""A keeper of versions: it changes a project in place, and keeps what was before.

The version is made when the edge is sent, by the platform's SDK where it is there.
"""

from __future__ import annotations

import lineage
from lineage import updates_project, uses_project


@uses_project("project_id", version=lineage.snapshot("before cleaning"))
@updates_project("project_id")
def clean(project_id: int) -> int:
    """Remove broken labels, and return how many there were."""
    return project_id % 7


@lineage.app(name="Keep versions")
def main() -> int:
    """Clean one project."""
    return clean(15)


if __name__ == "__main__":
    main()
