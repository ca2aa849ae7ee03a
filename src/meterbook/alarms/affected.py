"""What is behind an alarm about communication, and which meters it touches. Needs a running scope."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from meterbook.acquisition import supplies as acquisition_supplies
from meterbook.acquisition import ways as acquisition_ways
from meterbook.alarms.values import Cause

CAUSE, EVIDENCE, POINTS = "cause", "evidence", "points"  # in the details of an alarm
LAST_GASP = {"kind": "LAST_GASP"}


def cause_of_meter(meter_id: uuid.UUID, *, at: datetime) -> dict[str, Any]:
    """This will tell why a single meter is probably silent: the cause, and what tells so, for an alarm's details.

    What it said itself counts first, then a phase without voltage near it, then that all at its place are silent.
    """
    if acquisition_supplies.said_last_gasp(meter=meter_id):
        return _because(Cause.METER_UNPOWERED, LAST_GASP)
    dead = acquisition_supplies.dead_phase_near(meter=meter_id, at=at)
    if dead is not None:
        return _because(Cause.METER_UNPOWERED, {"kind": "PHASE", **dead.as_json()})
    is_dark = acquisition_ways.is_place_dark(meter=meter_id)
    return _because(Cause.METER_UNPOWERED if is_dark else Cause.METER_SILENT)


def cause_of_bus(bus_id: uuid.UUID, *, at: datetime) -> dict[str, Any]:
    """This will tell why a whole bus is probably silent: the cause, and what tells so, for an alarm's details."""
    if acquisition_ways.is_converter_away(bus=bus_id):
        return _because(Cause.CONVERTER_OFFLINE)
    dead = acquisition_supplies.dead_phase_of_main(bus=bus_id, at=at)
    if dead is not None:
        return _because(Cause.METER_UNPOWERED, {"kind": "PHASE", **dead.as_json()})
    return _because(Cause.LINE_CUT)


def _because(cause: Cause, evidence: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {CAUSE: cause.value, EVIDENCE: dict(evidence) if evidence is not None else None}
