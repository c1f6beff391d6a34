"""The stores that these tests run on."""

from store_engines import postgres_server, store, store_url

__all__ = ["postgres_server", "store", "store_url"]
