"""Where identity writes down what was changed. Audit is above identity, so it plugs itself in when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from meterbook.foundation import models as foundation_models
from meterbook.identity import models
from meterbook.kernel.actor import Actor

Subject = foundation_models.TenantModel | models.Organization | models.User


class Recorder(Protocol):
    """The signature of `audit.operations.record`."""

    def __call__(
        self,
        *,
        actor: Actor,
        at: datetime,
        action: str,
        subject: Any,  # noqa: ANN401 - audit takes more kinds of subject than identity knows
        before: Mapping[str, Any] | None,
        after: Mapping[str, Any] | None,
        organization_id: int | None = None,
    ) -> object:
        """This will record one change in the caller's transaction."""


class NoTrail(RuntimeError):
    """Nothing is connected that records changes; the application `meterbook.audit` must be installed."""


_recorder: list[Recorder] = []


def connect(recorder: Recorder) -> None:
    """This will make `recorder` the one that identity reports to."""
    _recorder[:] = [recorder]


def record(
    *,
    actor: Actor,
    at: datetime,
    action: str,
    subject: Subject,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    organization_id: int | None = None,
) -> None:
    """This will record one change; without a recorder the change must not happen.

    :raises NoTrail: when nothing is connected
    """
    if not _recorder:
        raise NoTrail(NoTrail.__doc__)
    _recorder[0](
        actor=actor,
        at=at,
        action=action,
        subject=subject,
        before=before,
        after=after,
        organization_id=organization_id,
    )
