"""What can go wrong between a gateway and its meters, switched on by a test or through the control port."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace


class PercentRefused(ValueError):
    """A share of lost frames lies between 0 and 100 percent."""


@dataclass(frozen=True)
class Faults:
    """The faults of one unit.

    `drop_percent` of the requests get no answer; `late_seconds` pass before an answer (later requests overtake it);
    `is_silent` answers nothing; `exception` answers with that code; `has_wrong_unit` and `has_wrong_transaction`
    answer in another's name; `is_short` leaves out the last word; `is_cut` stops within the frame; `is_nonsense` fills
    the registers with NaN; `is_garbled` sends bytes that are no frame; `is_strict` refuses a request that spans an
    address without a register.
    """

    drop_percent: int = 0
    late_seconds: float = 0.0
    is_silent: bool = False
    exception: int | None = None
    has_wrong_unit: bool = False
    has_wrong_transaction: bool = False
    is_short: bool = False
    is_cut: bool = False
    is_nonsense: bool = False
    is_garbled: bool = False
    is_strict: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.drop_percent <= 100:
            raise PercentRefused(f"{self.drop_percent}: {PercentRefused.__doc__}")


NONE = Faults()


@dataclass
class FaultBoard:
    """The faults of all units of a gateway. Losses follow from `seed` and the count of requests: a run repeats."""

    seed: int = 1
    _by_unit: dict[int, Faults] = field(default_factory=dict)
    _requests: int = 0

    def of(self, unit: int) -> Faults:
        """This will return the faults that are on for a unit."""
        return self._by_unit.get(unit, NONE)

    def change(self, unit: int, **faults: object) -> Faults:
        """This will switch faults of a unit on or off and leave its others as they are."""
        self._by_unit[unit] = replace(self.of(unit), **faults)  # type: ignore[arg-type]
        return self._by_unit[unit]

    def clear(self, unit: int | None = None) -> None:
        """This will switch all faults off, of one unit or of all."""
        if unit is None:
            self._by_unit.clear()
        else:
            self._by_unit.pop(unit, None)

    def loses(self, unit: int) -> bool:
        """This will decide whether the next request of a unit gets lost."""
        self._requests += 1
        faults = self.of(unit)
        return faults.is_silent or zlib.crc32(f"{self.seed}/{self._requests}".encode()) % 100 < faults.drop_percent
