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


@dataclasses.dataclass(frozen=True)
class GatewayMisused(events.Event):
    """A message in the name of a gateway was not as it must be; the first of its kind since somebody settled them.

    `kind` as `gateway_values.IncidentKind`.
    """

    name: ClassVar[str] = "acquisition.gateway_misused"
    gateway_id: str
    site_id: str
    label: str
    kind: str

    @property
    def key(self) -> str:
        """Misuse of a gateway and its settling are handled in order."""
        return f"gateway:{self.gateway_id}"


@dataclasses.dataclass(frozen=True)
class GatewaySettled(events.Event):
    """Somebody looked into the security events of a gateway. `kinds` as `gateway_values.IncidentKind`."""

    name: ClassVar[str] = "acquisition.gateway_settled"
    gateway_id: str
    kinds: list[str]

    @property
    def key(self) -> str:
        """Misuse of a gateway and its settling are handled in order."""
        return f"gateway:{self.gateway_id}"
