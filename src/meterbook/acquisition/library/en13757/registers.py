"""Names of records by which a meter-model document chooses them: "energy", "energy.tariff2", "volume.storage1"."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from meterbook.acquisition.library.en13757.moments import Moment
from meterbook.acquisition.library.en13757.records import Function, Record

WORDS = {Function.MAXIMUM: "max", Function.MINIMUM: "min", Function.ERROR: "error"}


@dataclass(frozen=True)
class Reading:
    """A record with the name it has in a meter-model document; `value` is exact, in `unit`, None when there is none."""

    key: str
    quantity: str
    unit: str
    value: Decimal | None
    text: str
    raw_hex: str


def readings(records: Iterable[Record]) -> tuple[Reading, ...]:
    """This will name all records; the second of a name gets "#2", and so on, in the order in which they are sent."""
    seen: Counter[str] = Counter()
    found = []
    for record in records:
        if record.information is None:
            continue
        name = key(record)
        seen[name] += 1
        is_good = isinstance(record.value, Decimal) and not record.information.error
        value = record.value if is_good and isinstance(record.value, Decimal) else None
        found.append(
            Reading(
                key=name if seen[name] == 1 else f"{name}#{seen[name]}",
                quantity=record.quantity,
                unit=record.information.meaning.unit,
                value=value,
                text=_text(record),
                raw_hex=(record.header + record.raw).hex(),
            )
        )
    return tuple(found)


def key(record: Record) -> str:
    """This will return the name of a record without its number: "power.max.tariff1.L1"."""
    parts = [_slug(record.quantity)]
    if record.function in WORDS:
        parts.append(WORDS[record.function])
    counted = (("storage", record.storage), ("tariff", record.tariff), ("subunit", record.subunit))
    parts += [f"{word}{count}" for word, count in counted if count]
    return ".".join([*parts, *(_slug(name) for name in sorted(record.qualifiers))])


def _slug(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-") or "record"


def _text(record: Record) -> str:
    if isinstance(record.value, Moment):
        return record.value.text() or ""
    return record.value.strip("\0") if isinstance(record.value, str) else ""
