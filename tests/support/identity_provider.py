"""A real identity provider that knows two people: `m1`, a scientist, and `g1`."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lineage.instance.sso.settings import SsoSettings

#: In a process of its own: it warns of what its libraries will rename.
PROVIDER = """
import warnings
warnings.simplefilter("ignore")
import oidc_provider_mock as mock
people = [
    mock.User(sub="m1", claims={"email": "maria@example.org", "groups": ["science"]}),
    mock.User(sub="g1", claims={"email": "guest@example.org"}),
]
with mock.run_server_in_thread(user_claims=people, require_nonce=True) as server:
    print(server.server_port, flush=True)
    input()
"""


@contextmanager
def identity_provider() -> Iterator[str]:
    """Serve it on a free port, and give its address."""
    with subprocess.Popen(
        [sys.executable, "-c", PROVIDER], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    ) as provider:  # fmt: skip
        assert provider.stdout is not None
        yield f"http://localhost:{int(provider.stdout.readline())}"
        provider.kill()


def settings_of(issuer: str, folder: Path) -> SsoSettings:
    """Return settings by which scientists may write."""
    secret = folder / "client-secret"
    secret.write_text("between us\n")
    oidc = {
        "issuer": issuer,
        "client_id": "lineage",
        "client_secret_file": str(secret),
        "label": "Sign in at work",
    }
    grants = [{"group": "science", "team": "research", "role": "writer"}]
    return SsoSettings.model_validate({"grants": grants, "oidc": oidc})
