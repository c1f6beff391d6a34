"""`python -m lineage`: the command line, where no `lineage` is on the path."""

from .cli import run

if __name__ == "__main__":
    run()
