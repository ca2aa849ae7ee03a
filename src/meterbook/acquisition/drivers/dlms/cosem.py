"""Names of COSEM: OBIS codes, attributes, times, results."""

from __future__ import annotations

import datetime

from meterbook.acquisition.contract.decoding import Plain
from meterbook.acquisition.contract.octets import Octets
from meterbook.acquisition.drivers.dlms import axdr

Fields = dict[str, Plain]
NO_DEVIATION = -0x8000
DATE_TIME = 12
ACCESS_RESULTS = {
    0: "success",
    1: "hardware-fault",
    2: "temporary-failure",
    3: "read-write-denied",
    4: "object-undefined",
    9: "object-class-inconsistent",
    11: "object-unavailable",
    12: "type-unmatched",
    13: "scope-of-access-violated",
    14: "data-block-unavailable",
    15: "long-get-aborted",
    16: "no-long-get-in-progress",
    17: "long-set-aborted",
    18: "no-long-set-in-progress",
    19: "data-block-number-invalid",
    250: "other-reason",
}


def result(octets: Octets) -> str:
    """This will read a data access result: 3 is "read-write-denied"."""
    code = octets.byte("result")
    return ACCESS_RESULTS.get(code, f"result {code}")


def obis(code: bytes) -> str:
    """This will write an OBIS code: 01 00 01 08 00 ff is "1-0:1.8.0*255"."""
    a, b, c, d, e, f = code
    return f"{a}-{b}:{c}.{d}.{e}*{f}"


def attribute(octets: Octets, name: str = "attribute") -> Fields:
    """This will read class, object and number of an attribute or method."""
    return {
        "class_id": octets.number(2, "class"),
        "obis": obis(octets.take(6, "OBIS code")),
        name: octets.number(1, name, signed=True),
    }


def selection(octets: Octets) -> Fields:
    """This will read an optional selective access."""
    if not octets.byte("access selection"):
        return {}
    return {"access_selector": octets.byte("access selector"), "access_parameters": axdr.read(octets)}


def moment(octets: bytes) -> tuple[datetime.datetime, int | None] | None:
    """This will read a COSEM date-time as civil time and deviation in minutes (UTC minus local); None if it is open.

    07e3 0c1f 02 17 00 00 00 ffc4 00 is 2019-12-31 23:00:00 with -60: one hour ahead of UTC.
    """
    if len(octets) != DATE_TIME:
        return None
    year, hundredths = int.from_bytes(octets[:2], "big"), octets[8]
    try:
        civil = datetime.datetime(  # noqa: DTZ001 - civil time: the meter says the deviation beside it, or does not
            year, octets[2], octets[3], octets[5], octets[6], octets[7] if octets[7] != 0xFF else 0
        )
    except ValueError:
        return None
    if hundredths not in (0, 0xFF):
        civil += datetime.timedelta(milliseconds=10 * hundredths)
    deviation = int.from_bytes(octets[9:11], "big", signed=True)
    return civil, None if deviation == NO_DEVIATION else deviation


def told(civil: datetime.datetime, deviation: int | None) -> str:
    """This will write a moment: "2019-12-31T23:00:00 deviation -60 (0xFFC4)"."""
    if deviation is None:
        return f"{civil.isoformat()} deviation unknown (0x8000)"
    return f"{civil.isoformat()} deviation {deviation} (0x{deviation & 0xFFFF:04X})"


def told_moment(octets: bytes) -> str | None:
    """This will write a date-time as `told`, one with open fields as hex, an empty one as None."""
    if not octets:
        return None
    read = moment(octets)
    return told(*read) if read else octets.hex()
