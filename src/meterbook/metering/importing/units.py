"""Which unit the name of a column says, or the row of units below the header."""

from __future__ import annotations

import re

from meterbook.kernel.quantity import Unit

# In this order: what a name says first in it is not what it means first ("kWh (W)", "m³/h").
_WRITTEN = tuple(
    (re.compile(pattern), unit)
    for pattern, unit in (
        (r"(?i)kvarh", Unit.KVARH),
        (r"(?i)(?<![a-z])varh", Unit.VARH),
        (r"(?i)kvah", Unit.KVAH),
        (r"(?i)(?<![a-z])vah", Unit.VAH),
        (r"(?i)(?<![a-z])mwh", Unit.MWH),
        (r"(?i)kwh", Unit.KWH),
        (r"(?i)(?<![a-z])wh(?![a-z])", Unit.WH),
        (r"(?i)(?<![a-z])gj(?![a-z])", Unit.GJ),
        (r"(?<![A-Za-z])MJ(?![A-Za-z])", Unit.MJ),
        (r"(?i)(?<![a-z])therms?(?![a-z])", Unit.THERM_US),
        (r"(?i)(?<![a-z])btu(?![a-z])", Unit.BTU),
        (r"(?i)(?<![a-z])ccf(?![a-z])", Unit.CCF),
        (r"(?i)ft3|ft³|cubic feet", Unit.FT3),
        (r"(?i)(?<![a-z])gal", Unit.GAL_US),
        (r"(?i)(?<![a-z])kvar(?![a-z])", Unit.KVAR),
        (r"(?i)(?<![a-z])kva(?![a-z])", Unit.KVA),
        (r"(?<![A-Za-z])MW(?![A-Za-z])", Unit.MW),
        (r"(?i)(?<![a-z])kw(?![a-z])", Unit.KW),
        (r"(?<![A-Za-z])W(?![A-Za-z])", Unit.W),
        (r"(?i)m[3³]/h", Unit.M3_H),
        (r"(?i)(?<![a-z])l/h", Unit.L_H),
        (r"(?i)m3|m³", Unit.M3),
        (r"(?i)liter|litre|litro|(?<![a-z])l(?![a-z])", Unit.L),
        (r"°\s?C", Unit.CELSIUS),
        (r"%", Unit.PERCENT),
        # A single letter is a unit in brackets only: "Building A" is none.
        (r"[(\[]V[)\]]", Unit.V),
        (r"[(\[]A[)\]]", Unit.A),
        (r"[(\[]Hz[)\]]", Unit.HZ),
        (r"(?i)power(?!.?fac)|potencia|demand", Unit.KW),
    )
)
_NONE = frozenset({"", "-", "--", "[]", "[-]", "()"})
_LONGEST = 12  # characters of a unit, with its brackets


def of_name(name: str) -> Unit | None:
    """This will return the unit that a name speaks of: "Consumo (MWh)", "power_W"; None where it names none."""
    return next((unit for pattern, unit in _WRITTEN if pattern.search(name)), None)


def is_row(texts: list[str]) -> bool:
    """This will tell whether cells are nothing but units, with a dash or nothing where there is none."""
    told = [text.strip() for text in texts if text.strip() not in _NONE]
    return bool(told) and all(len(text) <= _LONGEST and of_name(text) is not None for text in told)
