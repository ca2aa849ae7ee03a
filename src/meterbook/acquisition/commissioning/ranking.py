"""Which models of the library what a meter sent may be of, the likeliest first.

What a meter says of itself counts before everything. Then each value is held against what is possible in the world: a
frequency of 50 Hz is hardly ever read by chance, a counter that is above zero often.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from meterbook.acquisition.commissioning import survey, transformers
from meterbook.acquisition.contract import errors
from meterbook.acquisition.contract.frames import Block, Record, Sample
from meterbook.acquisition.library import decode, orders
from meterbook.acquisition.library import words as register_words
from meterbook.acquisition.library.documents import MeterModel, Register
from meterbook.acquisition.library.orders import ByteOrder
from meterbook.kernel.quantity import Unit

BEST = 5  # models of which everything is asked
LIKELY = 10  # points: a frequency, or voltages and a counter that agree
SCALES = tuple(Fraction(10) ** power for power in (0, -1, 1, -2, 2, -3, 3))
NEAR = Fraction(1, 200)


class Judgment(enum.StrEnum):
    """What one value says about the model."""

    FITS = "FITS"
    EMPTY = "EMPTY"  # a zero, which every model reads from nothing
    IMPOSSIBLE = "IMPOSSIBLE"


class Grade(enum.StrEnum):
    """How likely a meter is of a model."""

    SAYS_SO = "SAYS_SO"
    LIKELY = "LIKELY"
    POSSIBLE = "POSSIBLE"
    UNLIKELY = "UNLIKELY"


@dataclass(frozen=True)
class Evidence:
    """A value and what it says; `number` is None for what is no number."""

    series_code: str
    number: Decimal | None
    unit: Unit
    judgment: Judgment


@dataclass(frozen=True)
class Candidate:
    """A model that a meter may be of, read in the order of bytes that makes most sense.

    `came` of `asked` registers were sent; `evidence` are those that tell something.
    """

    model: MeterModel
    order: ByteOrder
    grade: Grade
    score: int
    came: int
    asked: int
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True)
class Explanation:
    """A way to read the main counter so that it says what the display shows."""

    model: MeterModel
    order: ByteOrder
    scale: Fraction
    number: Fraction


@dataclass(frozen=True)
class _Rule:
    """Between which numbers a quantity usually lies, what is never possible, and what they count."""

    usual: tuple[Decimal, Decimal]
    possible: tuple[Decimal, Decimal]
    fits: int
    contradicts: int


# Frequencies of public grids; voltages behind transformers reach further than those of a low-voltage network.
_RULES = {
    "frequency": _Rule((Decimal(45), Decimal(65)), (Decimal(45), Decimal(65)), 6, 6),
    "voltage": _Rule((Decimal(80), Decimal(500)), (Decimal(1), Decimal(10) ** 6), 4, 4),
    "current": _Rule((Decimal("0.001"), Decimal(6000)), (Decimal(-20_000), Decimal(20_000)), 1, 3),
    "power_factor": _Rule((Decimal(-1), Decimal(1)), (Decimal(-1), Decimal(1)), 2, 3),
    "power": _Rule((Decimal(-(10**7)), Decimal(10**7)), (Decimal(-(10**9)), Decimal(10**9)), 1, 3),
}
MAIN_FITS, MAIN_EMPTY, MAIN_CONTRADICTS = 3, 1, 6
CLEARLY = 4  # points by which another order of bytes must be better than that of the model
BALANCE_FITS, BALANCE_CONTRADICTS, COVERAGE = 4, 3, 4


def following(models: Sequence[MeterModel], sent: survey.Sent) -> tuple[Block, ...]:
    """This will return what to ask next so that `rank` can tell; empty when all is known that helps."""
    addressed = [each for each in models if not each.is_named]
    left = survey.unasked(survey.first_round(addressed), sent)
    if left:
        return left
    likely = [each for each in addressed if _has_counter(each, sent)]
    left = survey.unasked(survey.second_round(likely), sent)
    if left:
        return left
    best = [each.model for each in rank(likely, sent)[:BEST]]
    return survey.unasked(survey.whole(best, sent), sent)


def rank(models: Iterable[MeterModel], sent: survey.Sent, *, says: str = "") -> list[Candidate]:
    """This will return the models of which the main counter came and makes sense, the likeliest first.

    :param says: the code of the model that the meter itself says it is
    """
    found = [_best(each, sent) for each in models if not each.is_named and _has_counter(each, sent)]
    named = [dataclasses.replace(each, grade=Grade.SAYS_SO) if each.model.code == says else each for each in found]
    return sorted(named, key=_place)


def rank_named(
    models: Iterable[MeterModel], records: Sequence[Record], kin: tuple[str, str, int, int] | None
) -> list[Candidate]:
    """This will return the models that find their registers among records, those of the meter's maker first.

    :param kin: who the meter says it is: maker, number, version, medium
    """
    found = []
    for model in models:
        if not model.is_mbus:
            continue
        says_so = kin is not None and model.kin is not None and model.kin.matches(kin[0], kin[2], kin[3])
        is_other = kin is not None and model.kin is not None and not says_so
        samples = decode.decode_records(model.registers, records).samples
        main = orders.main_counter(model)
        if not says_so and (is_other or all(each.code != main.code for each in samples)):
            continue
        judged = _judged(samples, main.code)
        grade = Grade.SAYS_SO if says_so else Grade.POSSIBLE
        score = len(samples) - (len(model.registers) - len(samples))
        found.append(
            Candidate(model, orders.order_of(main), grade, score, len(samples), len(model.registers), tuple(judged))
        )
    return sorted(found, key=_place)


def samples_of(model: MeterModel, order: ByteOrder | None, sent: survey.Sent) -> tuple[Sample, ...]:
    """This will return all registers of a model that came, read in an order; what makes no sense is left out."""
    found = []
    for register in orders.in_order(model, order).registers:
        words = sent.of(register)
        if words is None:
            continue
        try:
            found.append(decode.decode(register, words))
        except errors.Nonsense:
            continue
    return tuple(found)


def scaled(number: Decimal, scale: Fraction) -> Decimal:
    """This will multiply by one of `SCALES`: 12345 by 1/1000 is 12.345. Powers of ten only, so nothing is rounded."""
    return number.scaleb(len(str(scale.numerator)) - len(str(scale.denominator)))


def is_near(number: Fraction, shown: Decimal) -> bool:
    """This will tell whether a number is what a display shows, which has fewer digits, and counted on meanwhile."""
    exponent = shown.as_tuple().exponent
    last_place = Fraction(10) ** (exponent if isinstance(exponent, int) else 0)
    return abs(number - Fraction(shown)) <= max(last_place, abs(Fraction(shown)) * NEAR)


def explain(candidates: Iterable[Candidate], sent: survey.Sent, shown: Decimal) -> Explanation | None:
    """This will return the way to read the meter that says what its display shows; None when none does.

    The likeliest model first; a scale of 1 before others, since that is what the model's document says. Zero explains
    nothing.
    """
    wanted = Fraction(shown)
    listed = [each for each in candidates if wanted]
    for scale in SCALES:
        for each in listed:
            main = orders.main_counter(each.model)
            words = sent.of(main)
            if words is None:
                continue
            near = [
                (abs(Fraction(read.number) * scale - wanted), place, read)
                for place, read in enumerate(orders.readings(main, "".join(f"{word:04x}" for word in words)))
                if read.number is not None and read.sample is not None and read.number
            ]
            near = [one for one in near if is_near(Fraction(one[2].number or 0) * scale, shown)]
            if near:
                _far, _place_of, best = min(near, key=lambda found: found[:2])
                return Explanation(each.model, best.order, scale, Fraction(best.number or 0) * scale)
    return None


def _place(each: Candidate) -> tuple[bool, int, int, int, str]:
    against = sum(one.judgment is Judgment.IMPOSSIBLE for one in each.evidence)
    return each.grade is not Grade.SAYS_SO, against, -each.score, -each.came, each.model.code


def _has_counter(model: MeterModel, sent: survey.Sent) -> bool:
    main = orders.main_counter(model)
    words = sent.of(main)
    if words is None:
        return False
    return any(each.is_plausible for each in orders.readings(main, "".join(f"{word:04x}" for word in words)))


def _best(model: MeterModel, sent: survey.Sent) -> Candidate:
    """The model in the order of bytes with which most of it makes sense; its own where others say no more."""
    own = orders.order_of(orders.main_counter(model))
    first, *others = [_read(model, order, sent) for order in (own, *(each for each in ByteOrder if each is not own))]
    best = max(others, key=lambda each: each.score)
    return best if best.score >= first.score + CLEARLY else first


def _read(model: MeterModel, order: ByteOrder, sent: survey.Sent) -> Candidate:
    registers = orders.in_order(model, order).registers
    main = orders.main_counter(model)
    came = [each for each in registers if sent.of(each) is not None]
    asked = len(came) + sum(sent.is_refused(each) for each in registers)
    samples = samples_of(model, order, sent)
    judged = _judged(samples, main.code)
    read = {each.code for each in samples}
    for register in came:
        is_telling = register.code == main.code or bool(_quantity(register.series_code))
        if register.code not in read and is_telling and not _is_absent(register, sent):
            judged.append(Evidence(register.series_code, None, register.unit, Judgment.IMPOSSIBLE))
    score = sum(_points(each, main.series_code) for each in judged) + _balance(samples)
    score += COVERAGE * len(came) // asked if asked else 0
    against = any(each.judgment is Judgment.IMPOSSIBLE for each in judged)
    grade = Grade.UNLIKELY if against else Grade.LIKELY if score >= LIKELY else Grade.POSSIBLE
    return Candidate(model, order, grade, score, len(came), asked, tuple(judged))


def _is_absent(register: Register, sent: survey.Sent) -> bool:
    raw = register_words.raw(sent.of(register) or (), type=register.type, word_order=register.word_order)
    return register.says_absent(raw)


def _judged(samples: Iterable[Sample], main: str) -> list[Evidence]:
    found = []
    for each in samples:
        number = each.quantity.number
        if each.code == main:
            judgment = Judgment.EMPTY if not number else Judgment.FITS
            judgment = judgment if 0 <= number < orders.MOST else Judgment.IMPOSSIBLE
        elif (rule := _RULES.get(_quantity(each.series_code))) is not None:
            judgment = _held(transformers.plain(each), rule)
        else:
            continue
        found.append(Evidence(each.series_code, number, each.unit, judgment))
    return found


def _held(number: Decimal, rule: _Rule) -> Judgment:
    if not number:
        return Judgment.EMPTY
    if not rule.possible[0] <= number <= rule.possible[1]:
        return Judgment.IMPOSSIBLE
    return Judgment.FITS if rule.usual[0] <= number <= rule.usual[1] else Judgment.EMPTY


def _quantity(series_code: str) -> str:
    """The rule that a series is held against: "voltage" of voltage_l2, "" of voltages between lines and the like."""
    name = series_code[:-3] if series_code[-3:] in {"_l1", "_l2", "_l3"} else series_code
    return name if name in _RULES else ""


def _points(each: Evidence, main: str) -> int:
    if each.series_code == main:
        return {
            Judgment.FITS: MAIN_FITS,
            Judgment.EMPTY: MAIN_EMPTY,
            Judgment.IMPOSSIBLE: -MAIN_CONTRADICTS,
        }[each.judgment]
    rule = _RULES[_quantity(each.series_code)]
    return {Judgment.FITS: rule.fits, Judgment.EMPTY: 0, Judgment.IMPOSSIBLE: -rule.contradicts}[each.judgment]


def _balance(samples: Iterable[Sample]) -> int:
    """Whether the power is one that the voltages and currents can carry: chance hardly ever makes that right."""
    measured = transformers.measured_of(samples)
    carried = measured.carried
    if measured.power is None or carried is None or not measured.power or not carried:
        return 0
    return BALANCE_FITS if abs(Fraction(measured.power)) <= carried * Fraction(21, 20) else -BALANCE_CONTRADICTS
