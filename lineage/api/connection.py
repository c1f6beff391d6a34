"""The connection: one instance, one token, and the sending of requests."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import requests
from requests.adapters import BaseAdapter

from ..errors import ApiError
from ..errors import logger as own_logger
from ..settings import Settings
from . import urls
from .bodies import fields_body, make_body
from .compatibility import CompatibilityChecker
from .errors import parse_error
from .protocols import ReadHere
from .resource import decoded
from .retry import RetryPolicy
from .transport import Request, Transport
from .version import Capabilities, VersionCache, at_least

_DEFAULT_RETRIES = 10
#: The version is fetched before the first edge: a dead server must be reported soon.
_VERSION_BUDGET_S = 15.0
_PROBE_TIMEOUT_S = (3.0, 3.0)


class Connection:
    """Addresses, headers and rules, and the sending of requests.

    No request is made before the first call.

    Args:
        server_address: As `https://app.example.com`; `SERVER_ADDRESS` when left out.
        token: The token; `API_TOKEN` when left out, none when that is unset.
        retry_count: Attempts of one request; the default gives way to
            `SUPERVISELY_PUBLIC_API_RETRIES`.
        retry_sleep_sec: The first pause between attempts, in seconds.
        external_logger: Gets this client's log lines instead of `lineage`.
        ignore_task_id: Do not name the task in requests.
        api_server_address: The API's root, when it is not `<server>/public/api`.
        check_instance_version: Fetch the version now; warn when it is older than
            this one (text) or is not known.
        adapters: Adapters of `requests` to mount, by address prefix.
        time_budget_s: Total time of one call with all its attempts, in seconds; None:
            as long as the attempts take.
        timeout_s: Seconds for connecting, and for waiting on a connected server.
        settings: Settings already read from the environment.

    Raises:
        ValueError: There is no server address, or it cannot be understood.
    """

    def __init__(
        self,
        server_address: str | None = None,
        token: str | None = None,
        retry_count: int | None = 10,
        retry_sleep_sec: float | None = None,
        external_logger: logging.Logger | None = None,
        ignore_task_id: bool = False,
        api_server_address: str | None = None,
        check_instance_version: bool | str = False,
        *,
        adapters: Mapping[str, BaseAdapter] | None = None,
        time_budget_s: float | None = 60.0,
        timeout_s: tuple[float, float] = (10.0, 60.0),
        settings: Settings | None = None,
    ) -> None:
        self.settings = settings if settings is not None else Settings.from_environ()
        self.logger = external_logger if external_logger is not None else own_logger
        self._set_addresses(server_address, api_server_address)
        self._set_headers(token, ignore_task_id)
        self.additional_fields: dict[str, Any] = {}
        self.transport = Transport(
            self._policy(retry_count, retry_sleep_sec, time_budget_s, timeout_s),
            adapters=adapters,
        )
        adapter = (adapters or {}).get(self.server_address)
        self.read_here: ReadHere | None = getattr(adapter, "read", None)
        self.versions = VersionCache(self._fetch_version)
        self.gate = CompatibilityChecker(self)
        self._is_probed = False
        self._add_parts()
        if check_instance_version:
            self._warn_of_version(check_instance_version)

    def _add_parts(self) -> None:
        """Add `app`, `task` and the other parts of the client."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.server_address!r})"

    @property
    def token(self) -> str | None:
        """The token, as text whose repr is masked."""
        return self.headers.get("x-api-key")

    @property
    def retry_count(self) -> int:
        """Attempts of one request; it can be set."""
        return self.transport.policy.retries

    @retry_count.setter
    def retry_count(self, attempts: int) -> None:
        self.transport.policy = replace(self.transport.policy, retries=attempts)

    @property
    def instance_version(self) -> str | None:
        """The instance's version; endpoint `instance.version`.

        `unknown` when it is not known, None when the answer has none. Fetched
        again after ten minutes, an unknown one after half a minute.
        """
        return self.versions.get().version

    def announced(self) -> Capabilities | None:
        """Return what the instance offers beyond the platform; None: nothing.

        Endpoint `instance.version`, remembered as `instance_version` is.
        """
        return self.versions.get(warns=False).announced

    def why_unknown(self) -> ApiError | None:
        """Return what kept the instance's version from being known, if anything."""
        return self.versions.get(warns=False).problem

    def is_version_supported(self, version: str | None = None) -> bool | None:
        """Whether the instance is of this version or newer.

        Args:
            version: The version, such as `6.12.0`.

        Returns:
            None when the instance's version is not known, or none is given.
        """
        if version is None:
            return None
        return at_least(self.instance_version, version)

    def add_header(self, key: str, value: str) -> None:
        """Send a header with every request.

        Args:
            key: The name of the header.
            value: Its value.

        Raises:
            RuntimeError: It is already sent.
        """
        if key in self.headers:
            raise RuntimeError(f"header {key!r} is already set; pop_header removes it")
        self.headers[key] = value

    def pop_header(self, key: str) -> str:
        """Stop sending a header, and return its value.

        Args:
            key: The name of the header.

        Raises:
            KeyError: It is not sent.
        """
        return self.headers.pop(key)

    def add_additional_field(self, key: str, value: Any) -> None:
        """Put a field into every request; it wins over the request's own.

        Args:
            key: The name of the field.
            value: Its value.
        """
        self.additional_fields[key] = value

    def post(
        self,
        method: str,
        data: Any,
        retries: int | None = None,
        stream: bool | None = False,
        raise_error: bool | None = False,
        *,
        budget_s: float | None = None,
    ) -> requests.Response:
        """Call a method by POST.

        Args:
            method: Its name, as `tasks.info`.
            data: A dict or a list (JSON), bytes, or a multipart body.
            retries: Attempts of this call; 0 fails at once.
            stream: Hand the answer over with its body unread.
            raise_error: Raise the first failure; try nothing again.
            budget_s: Total time of this call in seconds.

        Raises:
            HttpError: The server refused the call.
            RetriesExhaustedError: Attempts or time were used up.
            UnsendableError: The request can never be sent; nothing was.
        """
        body = make_body(method, data, self.additional_fields)
        return self.send("POST", method, body=body, retries=retries,
                         budget_s=budget_s, is_streamed=bool(stream),
                         raise_first=bool(raise_error))  # fmt: skip

    def get(
        self,
        method: str,
        params: Mapping[str, Any] | None,
        retries: int | None = None,
        stream: bool | None = False,
        use_public_api: bool | None = True,
        data: Mapping[str, Any] | None = None,
    ) -> requests.Response:
        """Call a method by GET; the rules are those of `post`.

        Args:
            method: Its name, as `tasks.log.download`.
            params: The query; keys whose value is None are left out.
            retries: Attempts of this call; 0 fails at once.
            stream: Hand the answer over with its body unread.
            use_public_api: False: the method lies at the server's own root.
            data: The fields of a form in the request's body.
        """
        query = {**(params or {}), **self.additional_fields}
        return self.send("GET", method, params=query, retries=retries,
                         is_streamed=bool(stream),
                         is_public=bool(use_public_api),
                         body=None if data is None else fields_body(data))  # fmt: skip

    def send(
        self,
        verb: str,
        method: str,
        *,
        is_public: bool = True,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> requests.Response:
        """Send one request.

        Args:
            verb: `POST` or `GET`.
            method: The method, such as `tasks.info`.
            is_public: Whether it is a method of the public API.
            headers: More headers, for this request.
            options: Other fields of `transport.Request`, by their names.

        Raises:
            ApiError: It was refused, or no answer came.
        """
        self._probe_https()
        call = Request(
            verb,
            self.method_url(method, is_public=is_public),
            method,
            {**self.headers, **(headers or {})},
            secret=self.token,
            **options,
        )
        return self.transport.send(call)

    def method_url(self, method: str, *, is_public: bool = True) -> str:
        """Return the address of a method.

        Args:
            method: The method, such as `tasks.info`.
            is_public: Whether it is a method of the public API.
        """
        if not is_public:
            return f"{self.server_address}/{method}"
        return urls.method_url(self.api_server_address, method)

    @staticmethod
    def parse_error(
        response: requests.Response,
        default_error: str = "Error",
        default_message: str = "please, contact administrator",
    ) -> tuple[str, str]:
        """Read the short error and the message of a refused call.

        Args:
            response: The answer to the call.
            default_error: The error where the answer has none.
            default_message: The message where the answer has none.
        """
        return parse_error(response, default_error, default_message)

    def close(self) -> None:
        """Close the connections; the next call opens new ones."""
        self.transport.close()

    def _set_addresses(self, server: str | None, root: str | None) -> None:
        given = server if server is not None else self.settings.server_address
        if given is None:
            raise ValueError("no server address: pass one, or set SERVER_ADDRESS")
        self.server_address = urls.normalize(given)
        custom = root if root is not None else self.settings.api_server_address
        self._custom_root = None if custom is None else urls.normalize(custom)

    @property
    def api_server_address(self) -> str:
        """The root of the API."""
        return self._custom_root or urls.api_root(self.server_address)

    def _set_headers(self, token: str | None, ignore_task_id: bool) -> None:
        self.headers: dict[str, str] = {}
        given = token if token is not None else self.settings.api_token
        if given is not None:
            self.headers["x-api-key"] = urls.Secret(given)
        platform_id = self.settings.platform_task_id
        if platform_id is not None and not ignore_task_id:
            self.headers["x-task-id"] = platform_id
        known = self.settings.task_id
        self.task_id = platform_id or (None if known is None else str(known))

    def _policy(
        self,
        retries: int | None,
        sleep_s: float | None,
        budget_s: float | None,
        timeout_s: tuple[float, float],
    ) -> RetryPolicy:
        is_given = retries is not None and retries != _DEFAULT_RETRIES
        return RetryPolicy(
            retries if is_given and retries is not None else self.settings.retries,
            self.settings.retry_sleep_s if sleep_s is None else sleep_s,
            budget_s,
            *timeout_s,
        )

    def _fetch_version(self) -> Any:
        response = self.post("instance.version", {}, budget_s=_VERSION_BUDGET_S)
        return decoded("instance.version", response)

    def _warn_of_version(self, wanted: bool | str) -> None:
        minimum = wanted if isinstance(wanted, str) else "0"
        if self.is_version_supported(minimum) is not True:
            self.logger.warning(
                "%s: version %s, wanted %s or newer",
                self.server_address,
                self.instance_version,
                minimum,
            )

    def _probe_https(self) -> None:
        """Once per client: use https where a plain http address also has it."""
        if self._is_probed:
            return
        self._is_probed = True
        plain = self.server_address
        if self.settings.skip_https_probe or not urls.is_plain_http(plain):
            return
        secure = urls.with_https(plain)
        if self.transport.is_mounted(plain):
            return
        if self.transport.probe(secure, _PROBE_TIMEOUT_S):
            self.logger.info("%s answers https; using it", secure)
            self.server_address = secure
