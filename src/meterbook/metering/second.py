"""Whether a change of readings needs a second person (B-19): a domain above knows what was billed, and says so here."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from meterbook.kernel.actor import Actor


class Ask(Protocol):
    """Answers for a meter point and an instant; inside the scope of the change."""

    def __call__(
        self, *, actor: Actor, at: datetime, meter_point_id: int, instant: datetime, until: datetime | None = None
    ) -> bool:
        """This will tell whether somebody else must approve."""


_asked: list[Ask] = []


def register(ask: Ask) -> None:
    """This will have a domain be asked; once, when the application starts."""
    if ask not in _asked:
        _asked.append(ask)


def is_needed(
    *, actor: Actor, at: datetime, meter_point_id: int, instant: datetime, until: datetime | None = None
) -> bool:
    """This will tell whether a change of what a meter showed at an instant must be approved by somebody else.

    :param until: where not one reading is changed, but what was used from `instant` until then
    """
    return any(ask(actor=actor, at=at, meter_point_id=meter_point_id, instant=instant, until=until) for ask in _asked)
