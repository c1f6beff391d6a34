"""A labeling assistant: a job in, a dataset out, unless there is nothing to do.

It returns early, in the middle: what it did not make is not recorded.
"""

from __future__ import annotations

import lineage
from lineage import produces_dataset, uses_job


@uses_job()
@produces_dataset(when="result")
def assist(job_id: int, images: list[str]) -> int | None:
    """Label the images of a job, and return the dataset of the labels."""
    if not images:
        return None
    return 70 + job_id


@lineage.app(name="Assist labeling")
def main() -> list[int | None]:
    """Assist two jobs, of which one is empty."""
    return [assist(4, ["a.jpg"]), assist(5, [])]


if __name__ == "__main__":
    main()
