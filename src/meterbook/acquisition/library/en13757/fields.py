"""From records to named fields: `total_m3`, `target_date`, `status`, by the table of the meter's kind."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

from meterbook.acquisition.contract.decoding import Plain
from meterbook.acquisition.library.en13757 import identity, kinds, rules
from meterbook.acquisition.library.en13757.moments import Moment
from meterbook.acquisition.library.en13757.records import SIZES, Record, parse

OK = "OK"


def named(kind: kinds.Kind, who: identity.Identity, status: int, records: Sequence[Record]) -> dict[str, Plain]:
    """This will return media, meter, id and the fields of a kind, as far as the records have them."""
    records = [*records, *(part for block in kind.blocks for part in _parts(block, records))]
    found: dict[str, Plain] = dict.fromkeys(kind.nullable)
    for field, texts in kind.fields.items():
        found |= _values(field, texts, records)
    for field, lookup in kind.lookups.items():
        text = _looked_up(lookup, records)
        if text is not None:
            found[field] = rules.rounded(text) if isinstance(text, Decimal) else text or lookup.none
    if kind.status is not None:
        words = _status(kind.status, status, records)
        found |= {} if words is None else {kind.status.field: words}
    for field, bits in kind.dates.items():
        found[field] = _bit_date(bits, records, found)
    for field, months in kind.months.items():
        found |= _dates(field, months, records)
    for field, parts in kind.sums.items():
        numbers = [part for part in (found.get(name) for name in parts) if isinstance(part, Decimal)]
        if not isinstance(found.get(field), Decimal):
            found[field] = rules.rounded(sum(numbers, Decimal(0))) if len(numbers) == len(parts) else None
    for field, parts in kind.roots.items():
        squares = [part * part for part in (found.get(name) for name in parts) if isinstance(part, Decimal)]
        found[field] = rules.rounded(sum(squares, Decimal(0)).sqrt()) if len(squares) == len(parts) else None
    shown = {field: value for field, value in found.items() if field not in kind.hidden}
    return {"media": kind.media or who.media, "meter": kind.meter, "id": who.number.lower(), **shown}


def _values(field: str, texts: Sequence[str], records: Iterable[Record]) -> dict[str, Plain]:
    found: dict[str, Plain] = {}
    for text in texts:
        rule = rules.read(text)
        for record in rules.chosen(rule, records):
            name = rules.name(field, record)
            if name in found:
                continue
            value = rules.value(name, record, rule)
            if value is not None or name.rpartition("_")[2] in rules.MOMENTS:
                found[name] = value
            if name == field:
                break
    return found


def _dates(field: str, months: kinds.Months, records: Sequence[Record]) -> dict[str, Plain]:
    base = next(rules.chosen(rules.read(months.base), records), None)
    if base is None or not isinstance(base.value, Moment) or base.value.is_invalid:
        return {}
    chosen = rules.chosen(rules.read(months.of), records)
    return {
        rules.name(field, record): rules.day(base.value, record.storage - months.first).isoformat() for record in chosen
    }


def _bit_date(bits: kinds.BitDate, records: Sequence[Record], found: Mapping[str, Plain]) -> str | None:
    """A date in the bits of a number; None when the meter did not send it or it does not exist."""
    record = next(rules.chosen(rules.read(bits.of), records), None)
    if record is None:
        return None
    day, month = record.bits >> bits.day & 0x1F, record.bits >> bits.month & 0x0F
    try:
        if bits.year is not None:
            return datetime.date(2000 + (record.bits >> bits.year), month, day).isoformat()
        before = datetime.date.fromisoformat(str(found.get(bits.after)))
        return datetime.date(before.year + ((month, day) <= (before.month, before.day)), month, day).isoformat()
    except ValueError:
        return None


def _parts(block: kinds.Block, records: Iterable[Record]) -> Iterator[Record]:
    """The records inside a maker's own, when it has the form that the block describes."""
    for own in rules.chosen(rules.read(block.of), records):
        if any(own.raw[at : at + len(octets) // 2].hex() != octets.lower() for at, octets in block.when.items()):
            continue
        for at, header in block.parts:
            inner = own.raw[at : at + SIZES[header[0] & 0x0F]]
            yield from parse(header + inner, start=own.offset + at).records


def _looked_up(lookup: kinds.Lookup, records: Iterable[Record]) -> str | Decimal | None:
    """The names of bits that are set, or of the number under the mask; None when the meter did not send it."""
    for text in lookup.of:
        for record in rules.chosen(rules.read(text), records):
            bits = record.bits & lookup.mask
            return " ".join(sorted(set(_names(lookup, bits)))) if lookup.scale is None else bits * lookup.scale
    return None


def _names(lookup: kinds.Lookup, bits: int) -> list[str]:
    if lookup.values:
        unknown = [f"{lookup.rest}_{bits:X}"] if lookup.rest else []
        return [lookup.values[bits]] if bits in lookup.values else unknown
    found, unnamed = [], bits
    for mask, name in lookup.bits.items():
        if bits & mask:
            found.append(name)
            unnamed &= ~mask
    return [*found, f"{lookup.rest}_{unnamed:X}"] if unnamed and lookup.rest else found


def _status(status: kinds.Status, octet: int, records: Sequence[Record]) -> str | None:
    """The status in words; None for a kind that tells it by a record only and did not send one."""
    sent = [text for text in (_looked_up(lookup, records) for lookup in status.lookups) if text is not None]
    if not status.has_header and not sent:
        return None
    found = identity.states(octet, status.own) if status.has_header else []
    for text in sent:
        found += str(text).split()
    return " ".join(sorted({name for name in found if name != OK})) or OK
