"""The stores that these tests run on."""

from store_engines import emptied_stores, postgres_server, store, store_url

__all__ = ["emptied_stores", "postgres_server", "store", "store_url"]
