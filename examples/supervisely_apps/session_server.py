"""A model server by decorators: it deploys weights, and others use its session."""

from __future__ import annotations

import lineage
from lineage import produces_app, uses_file


@uses_file("weights", model_weight=True)
@produces_app()
def deploy(weights: int, device: str) -> str:
    """Load the weights, and say that the model is ready."""
    return f"{weights} on {device}"


@lineage.app(name="Serve by decorators")
def main() -> str:
    """Deploy one model."""
    return deploy(31, "cuda:0")


if __name__ == "__main__":
    main()
