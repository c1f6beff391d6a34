"""A model server: it stays up, and answers requests on threads of its own.

The task belongs to the process, so the handler's threads find it by themselves.
"""

from __future__ import annotations

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import lineage
from lineage import cards, produces_project, uses_file, uses_project

api = lineage.Api.from_env()
TEAM_ID = int(os.environ["TEAM_ID"])
WORKSPACE_ID = int(os.environ["WORKSPACE_ID"])
PORT = int(os.environ.get("APP_PORT", "0"))


class Model:
    """The model that is served."""

    weights: lineage.FileInfo | None = None


@uses_file(lambda: Model.weights, model_weight=True)
@uses_project("state[projectId]")
@produces_project("result[projectId]")
def predict(state: dict[str, Any]) -> dict[str, Any]:
    """Label a project: the labels go into a project of their own."""
    name = f"Labels of project {state['projectId']}"
    labelled = api.project.create(WORKSPACE_ID, name, change_name_if_conflict=True)
    return {"projectId": labelled.id}


class Handler(BaseHTTPRequestHandler):
    """Answers a request; the server calls it on a new thread each time."""

    def do_GET(self) -> None:
        """Say that the model is ready."""
        self.send_response(200)
        self.end_headers()

    def do_POST(self) -> None:
        """Predict, or stop."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        answer = {} if self.path == "/stop" else predict(json.loads(body))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(answer).encode())
        if self.path == "/stop":
            self.server.shutdown()

    def log_message(self, *_: object) -> None:
        """Stay silent."""


@lineage.app(name="Serve model", card=cards.session)
def main() -> None:
    """Look the weights up, and serve until a signal stops it."""
    Model.weights = api.file.get_info_by_path(TEAM_ID, os.environ["WEIGHTS"])
    with ThreadingHTTPServer(("127.0.0.1", PORT), Handler) as server:
        print(f"  serving on port {server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
