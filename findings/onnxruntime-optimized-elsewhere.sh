#!/bin/sh
# onnxruntime 1.32.0, onnx 1.23.2: a model with external data that is optimized into
# another folder (`optimized_model_filepath`) keeps the bare name of its data file there.
# Where the weights of another model have that name, it is loaded with them and without a
# word: here the weights are those of `tuned`, and the bias, which was computed in
# optimizing and is inside, that of `base`. `onnx.shape_inference.infer_shapes_path` into
# that folder makes the tuned model of the base one; `onnx.load` and `onnx.save` take the
# weights along. Exits with 0 while that is so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
cat > "$folder/main.py" <<'PROGRAM'
from pathlib import Path

import numpy
import onnx
import onnxruntime
from onnx import helper, numpy_helper


def make(folder, weight, bias):
    Path(folder).mkdir()
    values = {"weight": numpy.diag([weight] * 64), "bias": numpy.full(64, bias)}
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "weight"], ["scaled"]),
            helper.make_node("Neg", ["bias"], ["shift"]),
            helper.make_node("Sub", ["scaled", "shift"], ["y"]),
        ],
        "model",
        [helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 64])],
        [helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1, 64])],
        [numpy_helper.from_array(v.astype("float32"), k) for k, v in values.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.save(
        model,
        f"{folder}/model.onnx",
        save_as_external_data=True,
        location="model.onnx_data",
        size_threshold=0,
    )


def show(path, options=None):
    session = onnxruntime.InferenceSession(path, options)
    answer = session.run(None, {"x": numpy.ones((1, 64), "float32")})[0]
    print(path, "-> weight * 1 + bias =", sorted({float(value) for value in answer[0]}))


make("base", 1, 10)
make("tuned", 2, 20)
show("tuned/model.onnx")
options = onnxruntime.SessionOptions()
options.optimized_model_filepath = "tuned/base-optimized.onnx"
options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
show("base/model.onnx", options)
show("tuned/base-optimized.onnx")
onnx.shape_inference.infer_shapes_path("base/model.onnx", "tuned/base-shapes.onnx")
show("tuned/base-shapes.onnx")
onnx.save(onnx.load("base/model.onnx"), "tuned/base-copy.onnx")
show("tuned/base-copy.onnx")
PROGRAM
cd "$folder"
answer=$(venv/bin/python main.py 2> errors) || cat errors
echo "$answer"
expected="tuned/model.onnx -> weight * 1 + bias = [22.0]
base/model.onnx -> weight * 1 + bias = [11.0]
tuned/base-optimized.onnx -> weight * 1 + bias = [12.0]
tuned/base-shapes.onnx -> weight * 1 + bias = [22.0]
tuned/base-copy.onnx -> weight * 1 + bias = [11.0]"
test "$answer" = "$expected"
