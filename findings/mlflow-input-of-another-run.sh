#!/bin/sh
# mlflow-skinny 3.17.2, SQL store: a run that logged `curated/orders.csv` as its input
# is answered with `raw/orders.csv`, which only an earlier run of the experiment has
# read. A store keeps one source for each name and digest of an experiment, the first;
# every pandas table without a name is called "dataset". In one run, the second source
# of equal rows is dropped together with its context. A name of its own helps.
# Exits with 0 while that is so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet mlflow-skinny==3.17.2 pandas==3.1.1 \
    sqlalchemy==2.1.9 alembic==1.20.1
cat > "$folder/main.py" <<'PROGRAM'
import json, logging, os, sys, warnings

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
warnings.filterwarnings("ignore")
import mlflow
import pandas

logging.disable()
mlflow.set_tracking_uri(f"sqlite:///{sys.argv[1]}/mlflow.db")
orders = pandas.DataFrame({"amount": [3, 5]})


def run(experiment, **inputs):
    mlflow.set_experiment(experiment)
    with mlflow.start_run() as active:
        for context, (source, name) in inputs.items():
            data = mlflow.data.from_pandas(orders, source=source, name=name)
            mlflow.log_input(data, context=context)
    kept = mlflow.get_run(active.info.run_id).inputs.dataset_inputs
    logged = {context: source for context, (source, _) in inputs.items()}
    answer = {i.tags[0].value: json.loads(i.dataset.source)["uri"] for i in kept}
    print(experiment, "logged", logged, "answered", answer)


raw, curated = "raw/orders.csv", "curated/orders.csv"
run("sales", train=(raw, None))
run("sales", train=(curated, None))
run("other", train=(raw, None), test=(curated, None))
run("sales", train=(curated, "curated"))
PROGRAM
answer=$("$folder/venv/bin/python" "$folder/main.py" "$folder")
echo "$answer"
expected="sales logged {'train': 'raw/orders.csv'} answered {'train': 'raw/orders.csv'}
sales logged {'train': 'curated/orders.csv'} answered {'train': 'raw/orders.csv'}
other logged {'train': 'raw/orders.csv', 'test': 'curated/orders.csv'} answered {'train': 'raw/orders.csv'}
sales logged {'train': 'curated/orders.csv'} answered {'train': 'curated/orders.csv'}"
test "$answer" = "$expected"
