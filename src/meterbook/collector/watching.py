"""Which devices somebody looks at: leases in real time, renewed by the open pages, forgotten when they run out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

LEASE_SECONDS = 20.0  # pages renew theirs every 8 s


@dataclass
class Leases:
    """The leases of one bus. It knows no clock: every question gives the instant, in monotonic seconds."""

    _until: dict[int, float] = field(default_factory=dict)

    def renew(self, device_ids: Iterable[int], now: float) -> bool:
        """This will note that somebody looks at these devices, and say whether one of them is new."""
        known = self.devices
        for device_id in device_ids:
            self._until[device_id] = now + LEASE_SECONDS
        return self.devices != known

    def end(self, now: float) -> bool:
        """This will forget the leases that have run out, and say whether there were any."""
        over = [device_id for device_id, until in self._until.items() if until <= now]
        for device_id in over:
            del self._until[device_id]
        return bool(over)

    @property
    def devices(self) -> frozenset[int]:
        """The devices that somebody looks at."""
        return frozenset(self._until)
