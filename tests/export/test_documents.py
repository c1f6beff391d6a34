"""Each format is accepted by its own readers and validators, and says what is true."""

from __future__ import annotations

import csv
import html
import importlib
import io
import json
import pkgutil
import re
import warnings
from importlib import metadata
from pathlib import Path
from typing import Any

import networkx as nx
import prov
import pydot
import pytest
from openlineage.client import generated
from prov.model import ProvDocument

from lineage.api import Api
from lineage.export import FORMATS, GraphRecord, read
from lineage.export.tables import inert
from lineage.instance.embedded import EmbeddedInstance
from lineage.model.graph import Node
from lineage.model.openlineage import dataset_name


@pytest.fixture(params=["example", "large"])
def record(request: pytest.FixtureRequest) -> GraphRecord:
    """Each record in turn."""
    found: GraphRecord = request.getfixturevalue(request.param)
    return found


def _written(record: GraphRecord, format: str) -> str:
    return FORMATS[format].write(record)


def test_prov_is_read_without_a_warning(record: GraphRecord) -> None:
    """The reference library reads the document and unifies it, warnings as errors."""
    text = _written(record, "prov")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        document = ProvDocument.deserialize(content=text, format="json")
        document.unified()
    kinds = [type(found).__name__ for found in document.get_records()]
    ran_in = [d.environment_digest for d in record.details.values()]
    assert kinds.count("ProvUsage") == len(list(record.inputs())) + len(ran_in)
    assert kinds.count("ProvGeneration") == len(list(record.outputs()))
    assert kinds.count("ProvEntity") == len(record.artifacts()) + len(set(ran_in))


def test_prov_follows_the_schema_of_the_submission(record: GraphRecord) -> None:
    """The schema refuses what the library forgives, such as a null."""
    from jsonschema.validators import validator_for  # It takes seconds.

    schemas = Path(prov.__file__).parent / "tests" / "schemas"
    schema = json.loads((schemas / "prov-json.schema.json").read_text("utf-8"))
    validator_for(schema)(schema).validate(json.loads(_written(record, "prov")))


def test_prov_holds_what_an_output_was_derived_from(example: GraphRecord) -> None:
    """`derived_from` is a derivation; an input that is not named is none."""
    document = json.loads(_written(example, "prov"))
    labels = {k: v["prov:label"] for k, v in document["entity"].items()}
    derived = [
        (labels[r["prov:generatedEntity"]], labels[r["prov:usedEntity"]])
        for r in document["wasDerivedFrom"].values()
    ]
    assert [made for made, _ in derived] == ["result.csv"]


def test_a_crate_holds_what_its_tasks_ran_in(example: GraphRecord) -> None:
    """Each action used an environment, and the environment has all of its members."""
    (digest,) = example.environments()
    members = example.environments()[digest]
    graph = {e["@id"]: e for e in json.loads(_written(example, "ro-crate"))["@graph"]}
    name = f"#environment/{digest.removeprefix('sha256:')[:12]}"
    assert graph[name]["identifier"] == f"environment:{digest.removeprefix('sha256:')}"
    values = [graph[one["@id"]] for one in graph[name]["additionalProperty"]]
    assert {one["name"]: one["value"] for one in values} == members
    assert {"python", "package:pydantic"} <= members.keys()
    actions = [e for e in graph.values() if e["@type"] == "CreateAction"]
    assert len(actions) == len(example.tasks())
    assert all({"@id": name} in _all(action["object"]) for action in actions)


def _all(found: object) -> list[object]:
    return found if isinstance(found, list) else [found]


def test_a_page_shows_what_its_tasks_ran_in(example: GraphRecord) -> None:
    """Each task names its environment, which stands once with all of its members."""
    (digest,) = example.environments()
    text, short = _written(example, "html"), digest.removeprefix("sha256:")[:12]
    assert text.count(f"<summary>environment {short}, of") == 1
    assert text.count(f">environment {short}</bdi>") == len(example.tasks())
    for value in example.environments()[digest].values():
        assert html.escape(value) in text


def test_events_hold_what_a_task_ran_in(example: GraphRecord) -> None:
    """The facet of ours has members and digest."""
    (digest,) = example.environments()
    for line in _written(example, "openlineage").splitlines():
        own = json.loads(line)["run"]["facets"]["lineage_task"]
        assert own["environmentDigest"] == digest
        assert own["environment"] == example.environments()[digest]


def test_a_bill_of_materials_is_valid(record: GraphRecord) -> None:
    """The strict validator of CycloneDX 1.7 finds nothing."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    text = _written(record, "ml-bom")
    assert JsonStrictValidator(SchemaVersion.V1_7).validate_str(text) is None


def test_a_bill_of_materials_has_no_dangling_reference(record: GraphRecord) -> None:
    """Each `ref` names a part of the document, which the validator does not check."""
    document = json.loads(_written(record, "ml-bom"))
    text = json.dumps(document)
    known = set(re.findall(r'"bom-ref": "([^"]+)"', text))
    assert set(re.findall(r'"ref": "([^"]+)"', text)) <= known


def test_a_model_refers_to_its_data(example: GraphRecord) -> None:
    """The model's card names the file it was trained on, with its digest."""
    document = json.loads(_written(example, "ml-bom"))
    model = next(
        c for c in document["components"] if c["type"] == "machine-learning-model"
    )
    refs = [d["ref"] for d in model["modelCard"]["modelParameters"]["datasets"]]
    names = {c["bom-ref"]: c["name"] for c in document["components"]}
    assert [names[ref] for ref in refs] == ["data.csv"]
    assert model["hashes"][0]["alg"] == "SHA-256"


def _facet_classes() -> dict[str, Any]:
    classes = {}
    for found in pkgutil.iter_modules(generated.__path__):
        module = importlib.import_module(f"{generated.__name__}.{found.name}")
        for item in vars(module).values():
            schema = getattr(item, "_get_schema", None)
            if schema is not None and isinstance(item, type):
                classes[schema()] = item
    return classes


def _facets(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return [facet for item in value for facet in _facets(item)]
    if not isinstance(value, dict):
        return []
    own = [value] if "_schemaURL" in value else []
    return own + [facet for item in value.values() for facet in _facets(item)]


def test_openlineage_facets_are_those_of_its_client(record: GraphRecord) -> None:
    """Each facet is one of the client's own classes with members it knows, or ours."""
    classes = _facet_classes()
    facets = [
        facet
        for line in _written(record, "openlineage").splitlines()[:50]
        for facet in _facets(json.loads(line))
    ]
    assert facets
    for facet in facets:
        members = {k: v for k, v in facet.items() if not k.startswith("_")}
        if facet["_schemaURL"].endswith(("/RunFacet", "/DatasetFacet")):
            # One of ours: the specification allows what it does not know there.
            assert facet["_producer"]
        else:
            classes[facet["_schemaURL"]](**members)


def test_each_run_begins_and_ends_in_openlineage(example: GraphRecord) -> None:
    """A task is one run; a failed one ends by FAIL, with the error."""
    events = [json.loads(x) for x in _written(example, "openlineage").splitlines()]
    words = [(e["job"]["name"], e["eventType"]) for e in events]
    assert words == [
        ("Train & <co>", "START"), ("Train & <co>", "COMPLETE"),
        ("Predict", "START"), ("Predict", "COMPLETE"),
        ("Fails", "START"), ("Fails", "FAIL"),
    ]  # fmt: skip
    assert len({event["run"]["runId"] for event in events}) == 3
    assert "no room" in events[-1]["run"]["facets"]["errorMessage"]["message"]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("finished", ("CompletedActionStatus", None)),
        ("error", ("FailedActionStatus", "failed")),
        ("stopped", ("FailedActionStatus", "stopped")),
        ("lost", ("FailedActionStatus", "lost")),
        ("started", (None, None)),
        ("deployed", (None, None)),
    ],
)
def test_a_crate_has_the_status_of_each_task(
    status: str, words: tuple[str | None, str | None]
) -> None:
    """A task that goes on is not said to be complete."""
    node = Node(
        key="task:1", type="task", kind="task", id=1, name="t", team_id=1, status=status
    )
    crate = json.loads(_written(GraphRecord("t", 1.0, (node,), ()), "ro-crate"))
    (action,) = (one for one in crate["@graph"] if one["@type"] == "CreateAction")
    found = action.get("actionStatus", "").rpartition("/")[2] or None
    assert (found, action.get("error")) == words


@pytest.mark.parametrize(
    ("kind", "id", "named"),
    [
        ("file", "/data/a.csv", ("file", "/data/a.csv")),
        ("file", "file:///data/a.csv", ("file", "/data/a.csv")),
        ("file", "file://host/data/a#b?.csv", ("file", "/data/a#b?.csv")),
        ("file", "s3://bucket/a/b.csv", ("s3://bucket", "a/b.csv")),
        ("file", "s3://bucket/a?versionId=3", ("s3://bucket", "a?versionId=3")),
        ("file", "s3://bucket/a#1.csv", ("s3://bucket", "a#1.csv")),
        ("file", "s3://bucket//a.csv", ("s3://bucket", "//a.csv")),
        ("file", "hdfs://node/a/b.csv", ("hdfs://node", "/a/b.csv")),
        ("table", "postgres://db:5433/shop.t", ("postgres://db:5433", "shop.t")),
        ("table", "postgres://db/shop.t", ("postgres://db:5432", "shop.t")),
        ("table", "bigquery/shop.data.t", ("bigquery", "shop.data.t")),
        ("table", "orders", ("lineage", "table/orders")),
        ("project", "7", ("lineage", "project/7")),
    ],
)
def test_artifacts_have_the_names_that_others_give_them(
    kind: str, id: str, named: tuple[str, str]
) -> None:
    """Namespace and name follow OpenLineage's naming page, so that graphs join."""
    assert dataset_name(kind, id) == named


def test_graphml_is_read_back_whole(record: GraphRecord) -> None:
    """Networkx reads the nodes, their labels and the edges that were written."""
    graph = nx.read_graphml(io.BytesIO(_written(record, "graphml").encode()))
    assert {k: d["label"] for k, d in graph.nodes(data=True)} == {
        node.key: node.name for node in record.nodes
    }
    assert set(graph.edges()) == {(e.source, e.target) for e in record.edges}


@pytest.mark.filterwarnings(
    # pydot still calls pyparsing by its old names.
    "ignore:.*deprecated - use:DeprecationWarning"
)
def test_dot_is_read_back_whole(example: GraphRecord) -> None:
    """Pydot reads the nodes and edges that were written."""
    (graph,) = pydot.graph_from_dot_data(_written(example, "dot"))
    names = {node.get_name().strip('"') for node in graph.get_nodes()}
    assert {node.key for node in example.nodes} <= names
    assert len(graph.get_edges()) == len(example.edges)


def test_mermaid_has_no_character_that_ends_a_label(example: GraphRecord) -> None:
    """Each line is a node or an edge, whatever the names hold."""
    first, *lines = _written(example, "mermaid").splitlines()
    assert first == "flowchart LR"
    line = re.compile(
        r'    (n\d+(\["[^"<>&]*"\]|\(\["[^"<>&]*"\]\))|n\d+ -\.?->? n\d+'
        r"|n\d+ --> n\d+|class(Def)? .*)"
    )
    assert [text for text in lines if not line.fullmatch(text)] == []


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@x", "\t=1", " =1", "\uff1d1", "\x00=1", "\r=1", "\n=1"],
)
def test_csv_is_inert_in_spreadsheets(text: str) -> None:
    """A text that a spreadsheet would evaluate begins with an apostrophe."""
    assert inert(text).lstrip("\n").startswith(("'", "�"))
    assert inert("a=1") == "a=1"


def test_csv_is_inert_where_a_semicolon_ends_a_cell() -> None:
    """Spreadsheets of many countries cut there, quotes or not."""
    assert inert("a;=1;b; @x\t+2") == "a;'=1;b;' @x\t'+2"
    assert inert("a;b;c") == "a;b;c"


def test_csv_has_a_row_for_each_edge(record: GraphRecord) -> None:
    """The table is read back with one row an edge, below its header."""
    rows = list(csv.DictReader(io.StringIO(_written(record, "csv"))))
    assert [(r["source"], r["target"]) for r in rows] == [
        (e.source, e.target) for e in record.edges
    ]


def test_json_names_its_schema(record: GraphRecord) -> None:
    """The JSON form has a version, all nodes and all edges."""
    document = json.loads(_written(record, "json"))
    assert document["schema"] == "lineage-export/1"
    assert len(document["nodes"]) == len(record.nodes)
    assert len(document["edges"]) == len(record.edges)


def test_the_page_needs_no_network_and_runs_nothing(record: GraphRecord) -> None:
    """The HTML names no address to load from, and no name of a node is markup."""
    text = _written(record, "html")
    assert not re.search(r"<script|<link|(src|href)=|url\((?!#)|<b>", text)
    assert "default-src 'none'" in text


def test_what_tasks_ran_in_is_exported(example: GraphRecord) -> None:
    """One entity in PROV, the installed packages as libraries in the bill."""
    digests = {detail.environment_digest for detail in example.details.values()}
    (digest,) = digests
    assert digest is not None
    document = json.loads(_written(example, "prov"))
    entity = f"lin:environment/{digest[7:19]}"
    assert document["entity"][entity]["lin:sha256"] == digest[7:]
    users = [u for u in document["used"].values() if u["prov:entity"] == entity]
    assert len(users) == len(example.details)
    (formula,) = json.loads(_written(example, "ml-bom"))["formulation"]
    versions = {part["name"]: part["version"] for part in formula["components"]}
    assert versions["pydantic"] == metadata.version("pydantic")


def test_details_of_more_than_500_tasks_are_read(tmp_path: Path) -> None:
    """An export holds what is known of each task, not of the first 500 alone."""
    instance = EmbeddedInstance(tmp_path)
    api = Api(instance.address, "", adapters={instance.address: instance.adapter})
    facts = [
        {"f": "edge", "uid": f"e{number}", "task": f"t{number}", "at": 1e9 + number,
         "dir": "input", "kind": "file", "id": "/d/a.csv"}
        for number in range(520)
    ]  # fmt: skip
    facts += [
        {"f": "params", "uid": f"p{number}", "task": f"t{number}", "at": 1e9 + number,
         "params": {"number": number}}
        for number in range(520)
    ]  # fmt: skip
    assert api.facts.add(facts).refused == []
    record = read(api.graph, "file:/d/a.csv", down=None)
    instance.close()
    assert record.is_complete
    found = {one.params["number"] for one in record.details.values()}
    assert found == set(range(520))
