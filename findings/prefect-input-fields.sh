#!/bin/sh
# prefect 3.9.1, pydantic 2.14.4: with the cache policy `INPUTS` a pydantic model counts by
# what it dumps. A field with `exclude=True` or a private attribute, such as the place of
# the data, is no part of the key: the task that gets another file is answered with the
# result for the first one, as "cached", though the two models are not equal.
# Exits with 0 while that is so.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet prefect==3.9.1 pydantic==2.14.4
cat > "$folder/main.py" <<'PROGRAM'
from pathlib import Path

from prefect import flow, task
from prefect.cache_policies import INPUTS
from pydantic import BaseModel, Field, PrivateAttr


class Excluded(BaseModel):
    epochs: int = 1
    data: Path = Field(exclude=True)


class Private(BaseModel):
    epochs: int = 1
    _data: Path = PrivateAttr()

    def __init__(self, data):
        super().__init__()
        self._data = data


class Plain(BaseModel):
    epochs: int = 1
    data: Path


@task(cache_policy=INPUTS, persist_result=True)
def train(config):
    return f"trained on {getattr(config, 'data', None) or config._data}"


@flow
def main():
    for model in (Excluded, Private, Plain):
        first, second = (model(data=Path(day)) for day in ("monday", "tuesday"))
        results = [train(first), train(second, return_state=True)]
        results[1:] = [results[1].result(), results[1].name]
        print(model.__name__, "equal models:", first == second, results)


main()
PROGRAM
export PREFECT_HOME="$folder/home" PREFECT_LOGGING_LEVEL=CRITICAL
export PREFECT_SERVER_ANALYTICS_ENABLED=false
answer=$("$folder/venv/bin/python" "$folder/main.py" 2> "$folder/errors") || cat "$folder/errors"
echo "$answer"
expected="Excluded equal models: False ['trained on monday', 'trained on monday', 'Cached']
Private equal models: False ['trained on monday', 'trained on monday', 'Cached']
Plain equal models: False ['trained on monday', 'trained on tuesday', 'Completed']"
test "$answer" = "$expected"
