"""The stores that these tests run on."""

from store_engines import store, store_url

__all__ = ["store", "store_url"]
