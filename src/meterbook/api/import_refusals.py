"""What imports of readings refuse, beside faults of the file itself, and how programs are told."""

from __future__ import annotations

from collections.abc import Mapping

from meterbook.metering import operations as metering_operations

FORBIDDEN, STATE = (403, "forbidden"), (409, "state")
KINDS: Mapping[type[Exception], tuple[int, str]] = {
    metering_operations.CorrectionNotAllowed: FORBIDDEN,
    metering_operations.ImportDone: STATE,
    metering_operations.IntervalsOutdated: STATE,
}
