"""`python -m lineage`: the command line, where no `lineage` is on the path."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
