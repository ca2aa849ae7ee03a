"""What is behind an alarm about communication, and which meters it touches. Needs a running scope."""

from __future__ import annotations

import uuid

from meterbook.acquisition import ways as acquisition_ways
from meterbook.alarms.values import Cause

CAUSE, POINTS = "cause", "points"  # in the details of an alarm


def cause_of_meter(meter_id: uuid.UUID) -> str:
    """This will tell why a single meter is probably silent, as a code of `values.Cause`."""
    is_dark = acquisition_ways.is_place_dark(meter=meter_id)
    return (Cause.METER_UNPOWERED if is_dark else Cause.METER_SILENT).value


def cause_of_bus(bus_id: uuid.UUID) -> str:
    """This will tell why a whole bus is probably silent, as a code of `values.Cause`."""
    is_away = acquisition_ways.is_converter_away(bus=bus_id)
    return (Cause.CONVERTER_OFFLINE if is_away else Cause.LINE_CUT).value
