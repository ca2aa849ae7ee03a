"""News of acquisition. Ids are public ones as text, so that handlers find objects without knowing our tables."""

from __future__ import annotations

import dataclasses
from typing import Any, ClassVar

from meterbook.foundation import events


@dataclasses.dataclass(frozen=True)
class DeviceWentSilent(events.Event):
    """A device has failed several cycles in a row. `since` is the instant of the first failure, ISO 8601.

    `problem` is the latest failure, as `values.Problem.as_json`.
    """

    name: ClassVar[str] = "acquisition.device_went_silent"
    device_id: str
    bus_id: str
    meter_id: str
    point_id: str | None
    site_id: str
    label: str
    since: str
    problem: dict[str, Any]

    @property
    def key(self) -> str:
        """Silence and return of one device are handled in order."""
        return f"device:{self.device_id}"


@dataclasses.dataclass(frozen=True)
class DeviceCameBack(events.Event):
    """A device that was silent has answered."""

    name: ClassVar[str] = "acquisition.device_came_back"
    device_id: str
    bus_id: str
    meter_id: str
    answered_at: str

    @property
    def key(self) -> str:
        """Silence and return of one device are handled in order."""
        return f"device:{self.device_id}"


@dataclasses.dataclass(frozen=True)
class DeviceSwitchedOff(events.Event):
    """A device is no longer asked, so that nothing is known of it."""

    name: ClassVar[str] = "acquisition.device_switched_off"
    device_id: str
    bus_id: str
    meter_id: str

    @property
    def key(self) -> str:
        """Handled in order with silence and return of the same device."""
        return f"device:{self.device_id}"
