"""News of alarms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from meterbook.foundation import events


@dataclass(frozen=True)
class AlarmRaised(events.Event):
    """An alarm (public id) was opened."""

    alarm_id: str

    name: ClassVar[str] = "alarms.alarm_raised"

    @property
    def key(self) -> str:
        """In order per alarm."""
        return f"alarm:{self.alarm_id}"


@dataclass(frozen=True)
class AlarmCleared(events.Event):
    """An alarm (public id) is over."""

    alarm_id: str

    name: ClassVar[str] = "alarms.alarm_cleared"

    @property
    def key(self) -> str:
        """In order per alarm."""
        return f"alarm:{self.alarm_id}"


@dataclass(frozen=True)
class AlarmReminded(events.Event):
    """An alarm (public id) goes on and nobody acknowledged it; `number` counts how often it was told, from 2 on."""

    alarm_id: str
    number: int

    name: ClassVar[str] = "alarms.alarm_reminded"

    @property
    def key(self) -> str:
        """In order per alarm."""
        return f"alarm:{self.alarm_id}"
