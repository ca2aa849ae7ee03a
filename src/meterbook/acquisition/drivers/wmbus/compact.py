"""Compact frames: the data of records whose headers were sent once, found again by their signature (EN 13757-3)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from meterbook.acquisition.contract.decoding import DecodeError
from meterbook.acquisition.contract.octets import Octets
from meterbook.acquisition.drivers.wmbus import link
from meterbook.acquisition.library.en13757 import records


@dataclass(frozen=True)
class Expanded:
    """The full frame; `fault` says that its check sum is not the one that the meter sent."""

    full: bytes
    fault: DecodeError | None = None


def expanded(octets: Octets, formats: Iterable[bytes]) -> Expanded:
    """This will put the headers in front of their data, so that the frame reads as the full one.

    :param octets: the cursor behind the header of the application layer: signature, check sum, data
    :raises meterbook.acquisition.contract.decoding.DecodeError: when no format has this signature, or the data have
        another length
    """
    place = octets.place
    signature = octets.number(2, "signature of the format", order="little")
    check = octets.number(2, "check sum of the full frame", order="little")
    found = next((headers for headers in formats if link.crc(headers) == signature), None)
    if found is None:
        raise DecodeError(f"the format with signature {signature:04x} is not known", place=place)
    full = b"".join(header + _data(header[0], octets) for header in records.headers(found))
    if octets.rest().strip(bytes([records.FILLER])):
        raise DecodeError("more data follow than the format has", place=octets.place)
    if link.crc(full) == check:
        return Expanded(full)
    what = f"the check sum of the full frame is {check:04x} and should be {link.crc(full):04x}"
    return Expanded(full, DecodeError(what, place=place))


def _data(dif: int, octets: Octets) -> bytes:
    kind = dif & 0x0F
    if kind == records.VARIABLE:
        length = octets.peek("LVAR")
        return octets.take(1 + (length if length <= 0xBF else length & 0x0F), "data of variable length")
    return octets.take(records.SIZES.get(kind, 0), "data")
