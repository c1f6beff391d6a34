#!/bin/sh
# gguf 0.19.0: of a model that is written in shards with `small_first_shard`, the file by
# which it is loaded (`…-00001-of-00003.gguf`) has the same bytes whatever the weights
# are: two models, one digest. Nothing in it names the other files but their number.
# Exits with 0 while that is so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet gguf==0.19.0 numpy==2.4.6
cat > "$folder/main.py" <<'PROGRAM'
import hashlib, sys
from pathlib import Path

import gguf
import numpy

for name, weight in (("base", 1), ("tuned", 2)):
    folder = Path(sys.argv[1], name)
    folder.mkdir()
    writer = gguf.GGUFWriter(
        folder / "model.gguf", "llama", split_max_tensors=2, small_first_shard=True
    )
    for number in range(4):
        tensor = numpy.full((8, 8), weight, dtype=numpy.float32)
        writer.add_tensor(f"blk.{number}.ffn_up.weight", tensor)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
shards = sorted(path.name for path in folder.iterdir())
for shard in shards:
    base, tuned = (
        hashlib.sha256(Path(sys.argv[1], name, shard).read_bytes()).hexdigest()[:8]
        for name in ("base", "tuned")
    )
    print(shard, "equal bytes" if base == tuned else "other bytes")
first = gguf.GGUFReader(folder / shards[0])
print([tensor.name for tensor in first.tensors], [*first.fields])
PROGRAM
answer=$("$folder/venv/bin/python" "$folder/main.py" "$folder")
echo "$answer"
expected="model-00001-of-00003.gguf equal bytes
model-00002-of-00003.gguf other bytes
model-00003-of-00003.gguf other bytes
[] ['GGUF.version', 'GGUF.tensor_count', 'GGUF.kv_count', 'general.architecture', 'split.no', 'split.count', 'split.tensors.count']"
test "$answer" = "$expected"
