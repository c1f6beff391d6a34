"""A whole instance for tests: its services, routes, and a caller that speaks JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lineage.instance.authorization import OPEN, Principal
from lineage.instance.http import InstanceRequest, InstanceResponse
from lineage.instance.routes import ROUTES, Routes
from lineage.instance.services import Services

ROOT = "/public/api/v3/"


class InstanceFixture:
    """An instance without a socket, called as the shells call it."""

    def __init__(self, home: Path, url: str | None = None) -> None:
        if url is None:
            self.services = Services.embedded(home)
        else:
            self.services = Services.open(url, blobs=home / "blobs")
        self.routes = Routes(self.services)
        self.principal = OPEN

    def send(
        self,
        method: str,
        body: Any = None,
        *,
        principal: Principal | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
        raw: bytes | None = None,
    ) -> InstanceResponse:
        """Call a method and give its answer, whatever it is."""
        text = json.dumps({} if body is None else body).encode()
        request = InstanceRequest(
            ROUTES[method].verb if method in ROUTES else "POST",
            ROOT + method,
            query=query or {},
            headers=headers or {},
            body=text if raw is None else raw,
        )
        return self.routes.handle(request, principal or self.principal)

    def call(self, method: str, body: Any = None, **how: Any) -> Any:
        """Call a method that must succeed and give its decoded answer."""
        answer = self.send(method, body, **how)
        assert answer.status == 200, (method, answer.status, answer.content())
        return json.loads(answer.content())

    def refusal(self, method: str, body: Any = None, **how: Any) -> tuple[int, Any]:
        """Call a method that must be refused; give the status and the details."""
        answer = self.send(method, body, **how)
        assert 400 <= answer.status < 500, (method, answer.status, answer.content())
        return answer.status, json.loads(answer.content())["details"]

    def close(self) -> None:
        """Close the store."""
        self.services.close()


def edge_fact(number: int, *, task: str = "run", **fields: Any) -> dict[str, Any]:
    """Make a fact: the task used project `number`, unless something else is given."""
    return {
        "f": "edge",
        "uid": f"seg-{number}",
        "task": task,
        "at": time.time(),
        "dir": "input",
        "kind": "project",
        "id": number,
        **fields,
    }


def form(parts: list[tuple[str, str | None, bytes]]) -> tuple[bytes, dict[str, str]]:
    """Write a multipart form of `(name, filename, content)`; give body and headers."""
    mark, body = b"--mark-of-tests", b""
    for name, filename, content in parts:
        disposition = f'form-data; name="{name}"'
        if filename is not None:
            disposition += f'; filename="{filename}"'
        head = f"\r\nContent-Disposition: {disposition}\r\n\r\n".encode()
        body += mark + head + content + b"\r\n"
    kind = "multipart/form-data; boundary=mark-of-tests"
    return body + mark + b"--\r\n", {"content-type": kind}
