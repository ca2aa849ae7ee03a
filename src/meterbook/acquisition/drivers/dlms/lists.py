"""Lists that meters push at their customer's port: OBIS codes with values, each maker in its own order."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from meterbook.acquisition.contract.decoding import Plain
from meterbook.acquisition.drivers.dlms import axdr, cosem

OBIS_BYTES = 6
LARGEST_SCALER = 32
CONTAINERS = ("array", "structure")


def objects(data: axdr.Data) -> list[Plain]:
    """This will find the pairs of OBIS code and value, scaled where a scaler stands beside them.

    Aidon sends structures of code, value, (scaler, unit), Kamstrup one structure of codes and values in turn. A list
    without codes, as Kaifa's, has none: only the maker's paper says what its values are.
    """
    return list(_found(data))


def _found(data: axdr.Data) -> Iterator[Plain]:
    values = data["value"]
    if data["type"] not in CONTAINERS or not isinstance(values, list):
        return
    at = 0
    while at < len(values):
        cell, following = values[at], values[at + 1] if at + 1 < len(values) else None
        code = _obis(cell)
        if code and isinstance(following, dict) and following["type"] not in CONTAINERS and not _obis(following):
            unit, scaler, used = _unit(values[at + 2] if at + 2 < len(values) else None)
            yield {"obis": code, "value": _scaled(following["value"], scaler), "unit_code": unit, "scaler": scaler}
            at += 2 + used
        else:
            if isinstance(cell, dict):
                yield from _found(cell)
            at += 1


def _obis(cell: Plain) -> str | None:
    if not isinstance(cell, dict) or cell["type"] != "octet-string":
        return None
    octets = bytes.fromhex(str(cell["value"]))
    return cosem.obis(octets) if len(octets) == OBIS_BYTES else None


def _unit(cell: Plain) -> tuple[int | None, int | None, int]:
    if not isinstance(cell, dict) or cell["type"] != "structure" or not isinstance(cell["value"], list):
        return None, None, 0
    parts = [part for part in cell["value"] if isinstance(part, dict)]
    if [part["type"] for part in parts] != ["integer", "enum"]:
        return None, None, 0
    scaler, unit = int(str(parts[0]["value"])), int(str(parts[1]["value"]))
    return (unit, scaler, 1) if abs(scaler) <= LARGEST_SCALER else (unit, None, 1)


def _scaled(value: Plain, scaler: int | None) -> Plain:
    if not scaler or isinstance(value, bool) or not isinstance(value, int):
        return value
    return value * 10**scaler if scaler > 0 else Decimal(value).scaleb(scaler)
