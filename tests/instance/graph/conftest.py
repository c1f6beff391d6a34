"""The stores that these tests run on."""

from store_engines import shared_store, store, store_url

__all__ = ["shared_store", "store", "store_url"]
