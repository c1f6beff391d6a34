"""Makes the same calls with the platform's SDK and with lineage; compares the traffic.

Run by `nox -s interop`, in an environment that has both.
"""

from __future__ import annotations

import importlib
import json
import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))
sys.path.insert(0, str(Path(__file__).parent))

from calls import CALLS
from platform_answers import serve

os.environ.update(
    ENV="production", SUPERVISELY_TASK_ID="77", TEAM_ID="9", API_TOKEN="t" * 128,
    SUPERVISELY_SKIP_HTTPS_USER_HELPER_CHECK="1",
)  # fmt: skip

#: Where the traffic differs on purpose; each is a row of docs/compatibility.md.
DIFFERENT = {
    "task.upload_files",
    "project.update_meta(2, {'classes': [], 'tags': []})",
}
#: Asked once in a process by the SDK and once for each client by us.
VERSION = "instance.version"


def traffic(client: Any, make: Any) -> tuple[list[Any], str]:
    """Make one call with a fresh client; give what was sent, and how it ended."""
    server = serve()
    os.environ["SERVER_ADDRESS"] = server.address
    try:
        with tempfile.TemporaryDirectory() as folder:
            api = client.Api(server.address, "t" * 128)
            try:
                make(api, client, Path(folder))
                outcome = "gave a result"
            except Exception as error:  # noqa: BLE001  the outcome is compared
                outcome = f"raised {type(error).__name__}: {error}"
            getattr(api, "close", lambda: None)()
        requested = [r for r in server.requests if r.path != VERSION]
        return [shown(request) for request in requested], outcome
    finally:
        server.close()


def shown(request: Any) -> Any:
    """Return a request without what differs in every run."""
    body: Any = request.body
    kind = request.headers.get("Content-Type", "")
    if "boundary=" in kind:
        boundary = kind.partition("boundary=")[2].encode()
        body = body.replace(boundary, b"<boundary>").decode("latin-1")
    elif body:
        body = json.loads(body)
        if isinstance(body, list):
            body = sorted(body)
        elif "fields" in body and request.path.endswith(".list"):
            body["fields"] = sorted(body["fields"])
    assert request.headers["x-api-key"] == "t" * 128
    named = request.headers.get("x-task-id")
    return [request.verb, request.path, request.query, named, body]


def recorded_edge_goes_through(sdk: Any) -> int:
    """Send a recorded edge through the SDK's own `Api`; 1 when that surprises."""
    from lineage.api.workflow import Workflow

    server = serve()
    try:
        api = sdk.Api(server.address, "t" * 128)
        fact = {"dir": "input", "kind": "file", "id": "/a/b.txt", "task": "run"}
        Workflow(api).send_edge(fact)
        sent = server.last("workflow.node.add-input")
    finally:
        server.close()
    node = {"type": "task", "id": "77"}
    is_right = sent == {"teamId": 5, "node": node, "type": "file", "id": 31}
    print(
        "as expected " if is_right else "SURPRISE ", "send_edge through the SDK", sent
    )
    return 0 if is_right else 1


def main() -> int:
    """Compare all calls; the number of surprises is the exit status."""
    sdk, ours = (
        importlib.import_module("supervisely"),
        importlib.import_module("interop_lineage"),
    )
    wanted = re.compile(sys.argv[1] if len(sys.argv) > 1 else "")
    unexpected = 0
    for label, make in CALLS:
        if not wanted.search(label):
            continue
        theirs, mine = traffic(sdk, make), traffic(ours, make)
        is_same = theirs[0] == mine[0] and theirs[1][:6] == mine[1][:6]
        if is_same is (label not in DIFFERENT):
            print("expected ", label)
            continue
        unexpected += 1
        print("SURPRISE ", label)
        for name, (requests, outcome) in (("sdk", theirs), ("ours", mine)):
            print(f"  {name}: {outcome}")
            for request in requests:
                print(f"    {json.dumps(request, default=str)}")
    unexpected += recorded_edge_goes_through(sdk)
    print(f"{unexpected} surprises in {len(CALLS)} calls")
    return min(unexpected, 100)


if __name__ == "__main__":
    sys.exit(main())
