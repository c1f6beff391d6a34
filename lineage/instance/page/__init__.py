"""The page: serves what the package's build made of `web/`."""

from __future__ import annotations

from .routes import page_routes

__all__ = ["page_routes"]
