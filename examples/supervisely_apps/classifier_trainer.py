"""A classifier's trainer: one project in, one file of weights out, in six lines."""

from __future__ import annotations

from lineage import app, produces_file, uses_project


@uses_project()
@produces_file(model_weight=True)
def train(project_id: int) -> int:
    """Train, upload the weights, and return their file's id."""
    return 40 + project_id


@app(name="Train classifier")
def main() -> int:
    """Train on the project that the app was started on."""
    return train(12)


if __name__ == "__main__":
    main()
