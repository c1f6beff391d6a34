#!/bin/sh
# dask and distributed 2026.8.0, zarr 3.1.6, xarray 2026.9.0: the tasks that read a Zarr
# store have the same names whatever is in it. While an earlier array of its path is held
# on a cluster, opening the store again answers with the held values, also after its
# chunks were written again: `data = dask.array.from_zarr(path).persist()`, run a second
# time as in a notebook, reads nothing. Parquet and CSV files are read again.
# Exits with 0 while that is so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet 'dask[array,dataframe]==2026.8.0' \
    distributed==2026.8.0 zarr==3.1.6 xarray==2026.9.0 pandas==3.1.1 pyarrow==26.0.1
cat > "$folder/main.py" <<'PROGRAM'
import time

import dask.array
import dask.dataframe
import numpy
import pandas
import xarray
import zarr
from dask.distributed import Client, LocalCluster, wait


def write_zarr(value):
    zarr.open_array("a.zarr", mode="a", shape=4, chunks=2, dtype="i8")[:] = value


def write_xarray(value):
    made = xarray.Dataset({"x": ("time", numpy.full(4, value))})
    made.to_zarr("b.zarr", mode="r+" if value > 1 else "w", consolidated=False)


def frame(value):
    return pandas.DataFrame({"x": [value] * 4})


def write_csv(value):
    frame(value).to_csv("c.csv", index=False)


def write_parquet(value):
    frame(value).to_parquet("d.parquet")


CASES = {
    "dask.array.from_zarr": (write_zarr, lambda: dask.array.from_zarr("a.zarr")),
    "xarray.open_zarr": (
        write_xarray,
        lambda: xarray.open_zarr("b.zarr", consolidated=False).x.data,
    ),
    "dask.dataframe.read_csv": (write_csv, lambda: dask.dataframe.read_csv("c.csv").x),
    "dask.dataframe.read_parquet": (
        write_parquet,
        lambda: dask.dataframe.read_parquet("d.parquet").x,
    ),
}
if __name__ == "__main__":
    cluster = LocalCluster(1, processes=False, threads_per_worker=1, dashboard_address=None)
    with cluster, Client(cluster) as client:
        for name, (write, read) in CASES.items():
            write(1)
            held = read().persist()
            wait(held)
            time.sleep(1.1)
            write(2)
            again = read().persist()
            print(name, "written 2, read", sorted({int(v) for v in again.compute()}))
            del held, again
        write_zarr(3)
        stored = int(zarr.open_array("a.zarr")[0])
        again = int(dask.array.from_zarr("a.zarr").compute()[0])
        print("nothing held any more: stored", stored, "read", again)
PROGRAM
cd "$folder"
answer=$(venv/bin/python main.py 2> errors) || cat errors
echo "$answer"
expected="dask.array.from_zarr written 2, read [1]
xarray.open_zarr written 2, read [1]
dask.dataframe.read_csv written 2, read [2]
dask.dataframe.read_parquet written 2, read [2]
nothing held any more: stored 3 read 3"
test "$answer" = "$expected"
