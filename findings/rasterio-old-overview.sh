#!/bin/sh
# rasterio 1.4.4 (GDAL inside): a GeoTIFF that was replaced (`os.replace`, `cp`) or
# written again by another library (here tifffile 2026.3.3) is read from two files: all
# of it from the new one, but any smaller `out_shape` from the overviews that lie beside
# it, `….tif.ovr`, which are still those of the old image, and its statistics from
# `….tif.aux.xml`, which asking for them has written. Neither size, time nor content is
# compared. Written again by rasterio itself, the two go. Exits with 0 while that is so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet rasterio==1.4.4 tifffile==2026.3.3 numpy==2.4.6
cat > "$folder/main.py" <<'PROGRAM'
import os
import warnings

import numpy
import rasterio
import tifffile
from rasterio.enums import Resampling

warnings.simplefilter("ignore")
SHAPE = (512, 512)


def write(path, value):
    profile = dict(driver="GTiff", count=1, dtype="uint8", height=512, width=512)
    with rasterio.open(path, "w", **profile) as image:
        image.write(numpy.full((1, *SHAPE), value, numpy.uint8))


def show(words):
    with rasterio.open("scene.tif") as image:
        print(f"{words}: all of it {image.read().max()},", end=" ")
        print(f"a quarter of the size {image.read(out_shape=(1, 128, 128)).max()},", end=" ")
        print(f"statistics {image.statistics(1).max:.0f}, files {sorted(image.files)}")


write("scene.tif", 1)
with rasterio.Env(TIFF_USE_OVR=True), rasterio.open("scene.tif", "r+") as image:
    image.build_overviews([2, 4], Resampling.nearest)
show("1 written")
write("next.tif", 2)
os.replace("next.tif", "scene.tif")
show("replaced by 2")
tifffile.imwrite("scene.tif", numpy.full(SHAPE, 3, numpy.uint8))
show("3 by tifffile")
write("scene.tif", 4)
show("4 by rasterio")
PROGRAM
cd "$folder"
answer=$(venv/bin/python main.py 2>&1) || true
echo "$answer"
expected="1 written: all of it 1, a quarter of the size 1, statistics 1, files ['scene.tif', 'scene.tif.aux.xml', 'scene.tif.ovr']
replaced by 2: all of it 2, a quarter of the size 1, statistics 1, files ['scene.tif', 'scene.tif.aux.xml', 'scene.tif.ovr']
3 by tifffile: all of it 3, a quarter of the size 1, statistics 1, files ['scene.tif', 'scene.tif.aux.xml', 'scene.tif.ovr']
4 by rasterio: all of it 4, a quarter of the size 4, statistics 4, files ['scene.tif', 'scene.tif.aux.xml']"
test "$answer" = "$expected"
