"""What is spoken on a line and how it is set, as requests give it and answers tell it."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext as _
from pydantic import Field

from meterbook.acquisition import values as acquisition_values
from meterbook.api import problems, values

LAST_ADDRESS = acquisition_values.PRIMARY_ADDRESSES[-1]
Secondary = Annotated[values.Words, Field(min_length=8, max_length=40)]


class Line(values.Given):
    """How a line is set; what is left out is as usual for its protocol. `pause_ms` lie between two questions.

    With M-Bus behind a converter `baud` is that of the M-Bus: how long an answer may take follows from it.
    """

    baud: int | None = Field(None, ge=acquisition_values.BAUDS[0], le=acquisition_values.BAUDS[-1])
    parity: acquisition_values.Parity | None = None
    stop_bits: int | None = Field(None, ge=1, le=2)
    pause_ms: int = Field(0, ge=0, le=acquisition_values.LONGEST_PAUSE_MS)


class LineTold(values.Told):
    """How a line is set."""

    baud: int
    parity: acquisition_values.Parity
    stop_bits: int
    pause_ms: int


def settings(protocol: acquisition_values.BusProtocol, given: Line | None) -> acquisition_values.LineSettings:
    """This will return the settings of a line.

    :raises problems.Problem: for a speed that lines do not have
    """
    usual = acquisition_values.usual_line(protocol)
    if given is None:
        return usual
    found = acquisition_values.LineSettings(
        baud=given.baud or usual.baud,
        parity=given.parity or usual.parity,
        stop_bits=given.stop_bits or usual.stop_bits,
        pause_ms=given.pause_ms,
    )
    if not found.is_possible:
        bauds = ", ".join(str(each) for each in acquisition_values.BAUDS)
        raise problems.invalid("/body/line/baud", _("Choose one of %(bauds)s baud.") % {"bauds": bauds})
    return found


def told(line: acquisition_values.LineSettings) -> LineTold:
    """This will tell how a line is set."""
    return LineTold(baud=line.baud, parity=line.parity, stop_bits=line.stop_bits, pause_ms=line.pause_ms)


def port(protocol: acquisition_values.BusProtocol, given: int | None) -> int:
    """This will return the port of a place, 0 for a serial port and for what has none."""
    return 0 if protocol.is_serial else given or acquisition_values.USUAL_PORTS.get(protocol, 0)


def address(unit_id: int | None, secondary: str | None, where: str) -> tuple[int, str]:
    """This will return a meter's address on its line: its number there, and the 16 digits of its secondary one.

    :raises problems.Problem: when neither is given, or the secondary one cannot be read
    """
    if secondary is None:
        if unit_id is None:
            raise problems.invalid(f"{where}/unit_id", _("Give the address that is set at the meter."))
        return unit_id, ""
    found = acquisition_values.secondary_address(secondary)
    if found is None:
        raise problems.invalid(f"{where}/secondary", str(acquisition_values.SECONDARY_HELP))
    return 0, found
