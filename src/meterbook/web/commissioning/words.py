"""Words of commissioning: how likely a type is, what a meter says, what is wrong with its transformers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from django.utils import translation
from django.utils.translation import gettext as _

from meterbook.acquisition import commissionings
from meterbook.acquisition.commissioning import ranking
from meterbook.acquisition.commissioning.ranking import Grade, Judgment
from meterbook.acquisition.commissioning.transformers import CtKind, Finding
from meterbook.acquisition.contract import frames
from meterbook.acquisition.contract.frames import Sample
from meterbook.kernel import rounding
from meterbook.metering import values as metering_values
from meterbook.web.templatetags import meterbook as tags

MAIN = ("voltage_l1", "voltage", "current_l1", "current", "frequency", "power", "flow", "temperature_flow")
GOOD, MOST_DECIMALS = ("AGREES", "CARRIES", "CLAMP_AGREES", "LOAD_AGREES"), 3


@dataclass(frozen=True)
class Chip:
    """How something is, in color, sign and words."""

    tone: str
    icon: str
    words: str


@dataclass(frozen=True)
class Said:
    """A finding in words; `remedy` says what to do, empty when nothing is to be done."""

    tone: str
    icon: str
    words: str
    remedy: str


def chip(grade: Grade | None, *, is_chosen: bool = False) -> Chip:
    """This will say how likely a meter is of a type."""
    if is_chosen:
        return Chip("ok", "check", _("Chosen"))
    if grade is None:
        return Chip("stale", "question", _("Unknown"))
    return {
        Grade.SAYS_SO: Chip("ok", "check", _("Says so itself")),
        Grade.LIKELY: Chip("ok", "check", _("Likely")),
        Grade.POSSIBLE: Chip("warn", "question", _("Possible")),
        Grade.UNLIKELY: Chip("alarm", "cross", _("Hardly")),
    }[grade]


def value(row: commissionings.SurveyedMeter, sample: Sample) -> str:
    """This will write a value with its unit; that of a counter times the scale."""
    number = row.scaled(sample)
    exponent = number.as_tuple().exponent
    decimals = max(sample.decimals, -exponent) if isinstance(exponent, int) and row.scale != 1 else sample.decimals
    return f"{tags.number(number, decimals)}{tags.NO_BREAK}{sample.unit.symbol}".rstrip(tags.NO_BREAK)


def main_values(row: commissionings.SurveyedMeter) -> tuple[str, ...]:
    """This will return what tells most about a meter: its main counter, then voltage, current, frequency, power."""
    by_series = {each.series_code: each for each in row.samples()}
    counter = next((each for each in row.samples() if each.kind is frames.Kind.CUMULATIVE), None)
    others = [by_series[code] for code in MAIN if code in by_series]
    listed = [*([counter] if counter is not None else []), *others]
    return tuple(value(row, each) for each in listed[:5])


def evidence(candidate: ranking.Candidate) -> tuple[str, ...]:
    """This will name the values that speak against a type, or else those that speak for it, at most four."""
    against = [each for each in candidate.evidence if each.judgment is Judgment.IMPOSSIBLE]
    listed = against or [each for each in candidate.evidence if each.judgment is Judgment.FITS]
    return tuple(_evidence(each) for each in listed[:4])


def _evidence(each: ranking.Evidence) -> str:
    known = metering_values.series_types().get(each.series_code)
    caption = str(known.caption) if known is not None else each.series_code
    if each.number is None:
        return _("%(quantity)s: no number") % {"quantity": caption}
    exponent = each.number.as_tuple().exponent
    decimals = min(MOST_DECIMALS, max(0, -exponent)) if isinstance(exponent, int) else 0
    size = abs(each.number)
    written = tags.number(each.number, decimals) if size < 10**12 else f"{each.number:.1E}"
    return f"{caption} {written}{tags.NO_BREAK}{each.unit.symbol}".rstrip(tags.NO_BREAK)


def said(finding: Finding) -> Said:
    """This will say in words, with its numbers, what was found about the transformers."""
    kind = finding.kind
    tone, icon = ("alarm", "alert") if kind.is_fault else ("ok", "check")
    if not kind.is_fault and kind.value not in GOOD:
        tone, icon = "stale", "info"
    unit = "A" if kind.value.startswith("CLAMP") else "V" if kind is CtKind.NO_VOLTAGE else "W"
    facts = {
        "where": _("L%(phase)s") % {"phase": finding.phase} if finding.phase else _("The meter"),
        "found": _quantity(finding.found, unit),
        "expected": _quantity(finding.expected, unit),
        "percent": _number(finding.percent, 1),
        "ratio": _number(finding.ratio, 2),
        "factor": _number(finding.found, 2),
        "amperes": _quantity(finding.found, "A"),
    }
    text, remedy = _TEXTS[kind]()
    return Said(tone, icon, text % facts, remedy % facts)


def _number(number: Fraction | None, places: int) -> str:
    if number is None:
        return "–"
    rounded = rounding.round_fraction(number, places)
    plain = rounded.normalize()
    exponent = plain.as_tuple().exponent
    return tags.number(rounded, max(0, -exponent) if isinstance(exponent, int) else 0)


def _quantity(number: Fraction | None, unit: str) -> str:
    if number is None:
        return "–"
    if unit == "W" and abs(number) >= 10_000:
        return f"{_number(number / 1000, 2)}{tags.NO_BREAK}kW"
    return f"{_number(number, 3 if abs(number) < 10 else 1)}{tags.NO_BREAK}{unit}"


def _agrees() -> tuple[str, str]:
    return _("%(where)s: P is %(found)s, V × I × PF is %(expected)s. They differ by %(percent)s %%."), ""


def _differs() -> tuple[str, str]:
    return (
        _("%(where)s: P is %(found)s, but V × I × PF is %(expected)s: %(ratio)s times, off by %(percent)s %%."),
        _("Check the transformer's phase and ratio as they are set in the meter, and its model."),
    )


def _exceeds() -> tuple[str, str]:
    return (
        _("%(where)s: P is %(found)s, more than V × I = %(expected)s can carry."),
        _("Check the ratio that is set in the meter, and whether its model reads current and power right."),
    )


def _carries() -> tuple[str, str]:
    return _("%(where)s: P is %(found)s, V × I is %(expected)s. The meter tells no power factor to check more."), ""


def _reversed() -> tuple[str, str]:
    return (
        _("%(where)s counts backwards: P is %(found)s."),
        _("Turn the transformer around, or swap its wires (S1 and S2), unless energy is fed in here."),
    )


def _no_voltage() -> tuple[str, str]:
    return (
        _("%(where)s has no voltage: %(found)s, while another phase has %(expected)s."),
        _("Check the fuse and the wire of this phase; what flows there is not counted."),
    )


def _no_current() -> tuple[str, str]:
    return (
        _("%(where)s shows no current (%(amperes)s) while other phases carry some."),
        _("If something runs there, the transformer is short-circuited, open, or not connected."),
    )


def _low_factor() -> tuple[str, str]:
    return (
        _("%(where)s: P is only %(factor)s times V × I, which few loads do."),
        _("Perhaps the transformer sits on another phase than the voltage; compare the wires of L1, L2 and L3."),
    )


def _too_little() -> tuple[str, str]:
    return _("%(where)s carries too little (%(found)s) to tell. Switch on a load and read again."), ""


def _incomplete() -> tuple[str, str]:
    return _("The meter does not tell voltage, current and power together; compare with a clamp or a known load."), ""


def _clamp_agrees() -> tuple[str, str]:
    return _("%(where)s: times the multiplier %(found)s, the clamp shows %(expected)s. Off by %(percent)s %%."), ""


def _clamp_differs() -> tuple[str, str]:
    return (
        _("%(where)s: times the multiplier %(found)s, but the clamp shows %(expected)s. Off by %(percent)s %%."),
        _("With the multiplier %(ratio)s they would agree. Look at the plate of the transformers."),
    )


def _clamp_inside() -> tuple[str, str]:
    return (
        _("%(where)s: the clamp shows %(expected)s, which the meter says without any multiplier."),
        _("The meter multiplies inside: take the multiplier 1, or everything counts several times."),
    )


def _clamp_unread() -> tuple[str, str]:
    return _("%(where)s: the clamp cannot be compared, the meter shows %(found)s."), ""


def _load_agrees() -> tuple[str, str]:
    return _("Times the multiplier the meter shows %(found)s, the load is %(expected)s. Off by %(percent)s %%."), ""


def _load_differs() -> tuple[str, str]:
    return (
        _("Times the multiplier the meter shows %(found)s, but the load is %(expected)s. Off by %(percent)s %%."),
        _("With the multiplier %(ratio)s they would agree. Check that nothing else runs."),
    )


def _load_inside() -> tuple[str, str]:
    return (
        _("The load is %(expected)s, which the meter says without any multiplier."),
        _("The meter multiplies inside: take the multiplier 1, or everything counts several times."),
    )


def _load_unread() -> tuple[str, str]:
    return _("The load cannot be compared, the meter shows %(found)s."), ""


_TEXTS = {
    CtKind.AGREES: _agrees,
    CtKind.DIFFERS: _differs,
    CtKind.EXCEEDS: _exceeds,
    CtKind.CARRIES: _carries,
    CtKind.REVERSED: _reversed,
    CtKind.NO_VOLTAGE: _no_voltage,
    CtKind.NO_CURRENT: _no_current,
    CtKind.LOW_FACTOR: _low_factor,
    CtKind.TOO_LITTLE: _too_little,
    CtKind.INCOMPLETE: _incomplete,
    CtKind.CLAMP_AGREES: _clamp_agrees,
    CtKind.CLAMP_DIFFERS: _clamp_differs,
    CtKind.CLAMP_INSIDE: _clamp_inside,
    CtKind.CLAMP_UNREAD: _clamp_unread,
    CtKind.LOAD_AGREES: _load_agrees,
    CtKind.LOAD_DIFFERS: _load_differs,
    CtKind.LOAD_INSIDE: _load_inside,
    CtKind.LOAD_UNREAD: _load_unread,
}


def caption(captions: Mapping[str, str]) -> str:
    """This will return the caption of a register in the reader's language."""
    return captions.get((translation.get_language() or "en")[:2], captions["en"])
