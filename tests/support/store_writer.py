"""A process that writes to a store and says what was answered; run as a script."""

from __future__ import annotations

import sys

from store_engines import Facts

from lineage.instance.store import open_store


def main() -> None:
    """Write one batch after another; print each batch's last uid once answered."""
    url, run, batches, size = sys.argv[1], sys.argv[2], *map(int, sys.argv[3:5])
    store, facts = open_store(url), Facts(run)
    for at in range(batches):
        batch = [facts.uses("job", at * size + i) for i in range(size)]
        store.ingest(1, batch)
        print(batch[-1]["uid"], flush=True)
    store.close()


if __name__ == "__main__":
    main()
