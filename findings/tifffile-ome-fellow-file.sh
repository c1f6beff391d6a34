#!/bin/sh
# tifffile 2026.3.3: an image of an OME-TIFF that lies in several files is read from all of
# them, which are found by the names inside the file that is named. The UUID that stands
# beside each name, by which the fellow was made, is compared with nothing. So a scan whose
# fellow was replaced by the one of another scan, or one file of a scan that was copied,
# under another name, into the folder of another, is an image of both, without a word.
# Exits with 0 while that is so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet tifffile==2026.3.3 numpy==2.4.6
cat > "$folder/main.py" <<'PROGRAM'
import shutil
import uuid
from pathlib import Path

import numpy
import tifffile

NAMES = ("scan_c0.ome.tif", "scan_c1.ome.tif")
OME = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06" UUID="urn:uuid:{own}">'
    '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYCZT" Type="uint8"'
    ' SizeX="16" SizeY="16" SizeC="2" SizeZ="1" SizeT="1">'
    '<Channel ID="Channel:0:0" SamplesPerPixel="1"/>'
    '<Channel ID="Channel:0:1" SamplesPerPixel="1"/>{planes}</Pixels></Image></OME>'
)
PLANE = (
    '<TiffData FirstC="{channel}" IFD="0" PlaneCount="1">'
    '<UUID FileName="{name}">urn:uuid:{uuid}</UUID></TiffData>'
)


def scan(folder, value):
    Path(folder).mkdir()
    ids = [uuid.uuid4() for _ in NAMES]
    planes = "".join(
        PLANE.format(channel=channel, name=name, uuid=ids[channel])
        for channel, name in enumerate(NAMES)
    )
    for channel, name in enumerate(NAMES):
        tifffile.imwrite(
            f"{folder}/{name}",
            numpy.full((16, 16), value + channel, numpy.uint8),
            description=OME.format(own=ids[channel], planes=planes),
            metadata=None,
        )


def show(path):
    print(path, "-> channels", [int(plane.max()) for plane in tifffile.imread(path)])


scan("monday", 10)
scan("tuesday", 20)
show("monday/scan_c0.ome.tif")
show("tuesday/scan_c0.ome.tif")
shutil.copy("tuesday/scan_c0.ome.tif", "monday/tuesday.ome.tif")
show("monday/tuesday.ome.tif")
shutil.copy("tuesday/scan_c1.ome.tif", "monday/scan_c1.ome.tif")
show("monday/scan_c0.ome.tif")
PROGRAM
cd "$folder"
answer=$(venv/bin/python main.py 2>&1) || true
echo "$answer"
expected="monday/scan_c0.ome.tif -> channels [10, 11]
tuesday/scan_c0.ome.tif -> channels [20, 21]
monday/tuesday.ome.tif -> channels [20, 11]
monday/scan_c0.ome.tif -> channels [10, 21]"
test "$answer" = "$expected"
