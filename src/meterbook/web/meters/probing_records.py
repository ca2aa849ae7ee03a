"""The records that an M-Bus meter sent in a test read, as the page lists them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import translation

from meterbook.acquisition import probing
from meterbook.acquisition.contract.frames import Record
from meterbook.acquisition.library import documents
from meterbook.web.templatetags import meterbook as tags

MOST_DECIMALS = 6


@dataclass(frozen=True)
class RecordLine:
    """A record: its name, what the meter sent, and as which register it is taken; empty when nobody reads it."""

    name: str
    value: str
    raw: str
    register: str


def lines(row: probing.ProbeRow) -> tuple[RecordLine, ...]:
    """This will return all records in the order in which they came."""
    return listed(row.records, row.model)


def listed(records: Iterable[Record], model: documents.MeterModel | None) -> tuple[RecordLine, ...]:
    """This will return records as lists show them, with the register of a model as which each is taken."""
    language = (translation.get_language() or "en")[:2]
    registers = model.registers if model is not None else ()
    taken = {each.record: each.caption.get(language, each.caption["en"]) for each in registers if each.record}
    return tuple(
        RecordLine(each.name, _value(each), bytes.fromhex(each.raw).hex(" ").upper(), taken.get(each.name, ""))
        for each in records
    )


def who(row: probing.ProbeRow) -> str:
    """This will return who the meter says it is: maker, number, version and medium."""
    return named(row.kin)


def named(kin: tuple[str, str, int, int] | None) -> str:
    """This will write who a meter says it is; nothing where it does not."""
    if kin is None:
        return ""
    maker, number, version, medium = kin
    return f"{maker} {number} · {version} · {medium:02X}"


def _value(record: Record) -> str:
    if record.number is None:
        return record.text or "–"
    exponent = record.number.normalize().as_tuple().exponent
    decimals = min(MOST_DECIMALS, max(0, -exponent)) if isinstance(exponent, int) else 0
    unit = "" if record.unit == "-" else record.unit.replace("^3", "³")
    return f"{tags.number(record.number, decimals)}{tags.NO_BREAK}{unit}".rstrip(tags.NO_BREAK)
