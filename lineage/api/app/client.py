"""`AppApi`, put together from its themes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..workflow import Workflow
from .downloads import AppDownloads
from .modules import AppModules
from .sessions import AppSessions
from .start import AppStart
from .unavailable import AppUnavailable

if TYPE_CHECKING:
    from ..client import Api


class AppApi(AppSessions, AppStart, AppModules, AppDownloads, AppUnavailable):
    """The platform's apps; bound as `api.app`."""

    Workflow = Workflow

    def __init__(self, api: Api) -> None:
        super().__init__(api)
        self.workflow = Workflow(api)
