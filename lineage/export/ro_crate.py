"""RO-Crate: the record as a Process Run Crate 0.5 on crate 1.1.

Source: the profile's specification and what its validator asks for. Artifacts that
do not travel with the crate are `#`-entities with path and digest as properties,
because an absolute `file:///` identifier makes a crate invalid.
"""

from __future__ import annotations

import mimetypes
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from ..model.details import TaskDetail
from ..model.graph import Node
from ..model.readable_json import json_text
from .record import GraphRecord, environment_name, hex_digest, local_name, text_of, utc

_PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
#: The profile asks for an identifier that begins with `http`; nothing lies there.
_APPS = "http://lineage.invalid/apps/"
_LICENSE = "https://spdx.org/licenses/CC0-1.0"
_PUBLISHER = "#publisher"
#: What the root refers to in every crate.
_ABOUT = (
    {
        "@id": _PROFILE,
        "@type": "CreativeWork",
        "name": "Process Run Crate",
        "version": "0.5",
    },
    {
        "@id": _LICENSE,
        "@type": "CreativeWork",
        "name": "CC0 1.0",
        "description": "No rights reserved for this description.",
    },
    {
        "@id": _PUBLISHER,
        "@type": "Organization",
        "name": "lineage",
        "url": "https://schema.org/Organization",
    },
)
_DATASETS = frozenset({"project", "dataset", "folder"})
#: The profile has words for ends only: a task that goes on has no status.
_STATUS = {
    "finished": "CompletedActionStatus",
    "error": "FailedActionStatus",
    "stopped": "FailedActionStatus",
    "lost": "FailedActionStatus",
}


def to_ro_crate(record: GraphRecord, files: Mapping[str, str] | None = None) -> str:
    """Return the record as the text of `ro-crate-metadata.json`.

    Args:
        record: What to write.
        files: Paths inside the crate, by the key of the version that lies there.
    """
    lying = dict(files or {})
    names = {
        node.key: quote(lying[node.key])
        if node.key in lying
        else f"#{local_name(node.key)}"
        for node in record.artifacts()
    }
    artifacts = [_artifact(node, names[node.key]) for node in record.artifacts()]
    actions, agents = _actions(record, names)
    graph = [
        {
            "@id": "ro-crate-metadata.json",
            "@type": "CreativeWork",
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
            "about": {"@id": "./"},
        },
        _root(record, [names[key] for key in lying if key in names], actions),
        *_ABOUT,
        *artifacts,
        *_environments(record),
        *agents,
        *actions,
    ]
    context = "https://w3id.org/ro/crate/1.1/context"
    crate = {"@context": context, "@graph": graph}
    return json_text(crate, indent=record.indent)


def _root(
    record: GraphRecord, parts: list[str], actions: list[dict[str, Any]]
) -> dict[str, Any]:
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Lineage of {text_of(record.selector)}",
        "description": "Which tasks used and produced which versions of artifacts.",
        "license": {"@id": _LICENSE},
        "datePublished": utc(record.exported_at),
        "conformsTo": {"@id": _PROFILE},
        "author": {"@id": _PUBLISHER},
        "publisher": {"@id": _PUBLISHER},
    }
    if parts:
        root["hasPart"] = _one_or_all(parts)
    if actions:
        root["mentions"] = _one_or_all([action["@id"] for action in actions])
    return root


def _one_or_all(names: list[str]) -> dict[str, str] | list[dict[str, str]]:
    """Refer to entities; crate 1.1 recommends no list where there is one."""
    references = [{"@id": name} for name in dict.fromkeys(names)]
    return references[0] if len(references) == 1 else references


def _artifact(node: Node, name: str) -> dict[str, Any]:
    is_here = not name.startswith("#")
    work = "Dataset" if node.kind in _DATASETS else "CreativeWork"
    label = text_of(node.name) or node.key
    entity: dict[str, Any] = {
        "@id": name,
        "@type": "File" if is_here else work,
        "name": label,
        "description": f"{node.kind.replace('_', ' ')} {text_of(node.id)}",
        "identifier": node.key,
    }
    if node.version:
        entity["version"] = text_of(node.version)
    if is_here:
        guessed = mimetypes.guess_type(label)[0]
        entity["encodingFormat"] = guessed or "application/octet-stream"
    if node.size is not None:
        entity["contentSize"] = str(node.size)
    digest = hex_digest(node)
    if digest:
        entity["sha256"] = digest
    at = utc(node.created_at)
    if at:
        entity["dateModified"] = at
    return entity


def _environments(record: GraphRecord) -> Iterator[dict[str, Any]]:
    """Yield what tasks ran in and its members: Python, packages, commit and image."""
    for digest, members in record.environments().items():
        name = f"#{environment_name(digest)}"
        values = [
            {
                "@id": f"{name}/{quote(text_of(member), safe='')}",
                "@type": "PropertyValue",
                "name": text_of(member),
                "value": text_of(value),
            }
            for member, value in members.items()
        ]
        entity: dict[str, Any] = {
            "@id": name,
            "@type": "CreativeWork",
            "name": "environment",
            "description": "What tasks ran in: Python, packages, code and machine.",
            "identifier": f"environment:{digest.removeprefix('sha256:')}",
            "sha256": digest.removeprefix("sha256:"),
        }
        if values:
            entity["additionalProperty"] = _one_or_all([one["@id"] for one in values])
        yield entity
        yield from values


def _actions(
    record: GraphRecord, names: Mapping[str, str]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    objects: dict[str, list[str]] = defaultdict(list)
    results: dict[str, list[str]] = defaultdict(list)
    for task, version, _ in record.inputs():
        objects[task].append(names[version])
    for task, version, _ in record.outputs():
        results[task].append(names[version])
    agents: dict[str, dict[str, Any]] = {}
    actions = []
    for node in record.tasks():
        detail = record.details.get(node.key)
        app = _APPS + quote(text_of(node.name), safe="")
        agents[app] = {
            "@id": app,
            "@type": "SoftwareApplication",
            "name": text_of(node.name),
            "description": "The app that ran.",
            "url": "https://schema.org/SoftwareApplication",
            "version": (detail and detail.git_commit) or "unknown",
        }
        action = _action(node, detail, app)
        if detail is not None and detail.environment_digest:
            objects[node.key].append(f"#{environment_name(detail.environment_digest)}")
        for member, found in (("object", objects), ("result", results)):
            if found[node.key]:
                action[member] = _one_or_all(found[node.key])
        if detail is not None and detail.user:
            person = f"urn:lineage:user:{quote(text_of(detail.user), safe='')}"
            agents[person] = {
                "@id": person,
                "@type": "Person",
                "name": text_of(detail.user),
            }
            action["agent"] = {"@id": person}
        else:
            action["agent"] = {"@id": _PUBLISHER}
        actions.append(action)
    return actions, list(agents.values())


def _action(node: Node, detail: TaskDetail | None, app: str) -> dict[str, Any]:
    action: dict[str, Any] = {
        "@id": f"#{local_name(node.key)}",
        "@type": "CreateAction",
        "name": text_of(node.name) or node.key,
        "description": text_of((detail and detail.command) or node.name or node.key),
        "instrument": {"@id": app},
    }
    if node.status in _STATUS:
        action["actionStatus"] = f"http://schema.org/{_STATUS[node.status]}"
    for member, at in (("startTime", node.started_at), ("endTime", node.ended_at)):
        if at is not None:
            action[member] = utc(at)
    if action.get("actionStatus", "").endswith("FailedActionStatus"):
        reason = "failed" if node.status == "error" else node.status
        action["error"] = text_of((detail and detail.error) or reason)
    return action
