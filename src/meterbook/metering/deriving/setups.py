"""What derivation must know about a series besides its readings: meters, factors, corrections. Read inside a scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

from django.db.models import F, Lookup

from meterbook.foundation import many
from meterbook.kernel import quantity
from meterbook.kernel.quantity import Unit
from meterbook.metering import models, ratios, values
from meterbook.metering.validation import shapes
from meterbook.metering.validation.inputs import Correction, CorrectionKind, Factor, Installation

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Setup:
    """One series: `step` in minutes, its meters in order of time, corrections in the order they were recorded."""

    series_id: int
    kind: values.SeriesKind
    step: int
    installations: tuple[Installation, ...]
    corrections: tuple[Correction, ...]


class Among(Lookup):
    """`column = ANY(array)`: one parameter instead of a thousand, which the server looks up by hash or index."""

    lookup_name = "among"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:  # noqa: ANN401 - Django's
        """This will return the condition and its parameters."""
        left, parameters = self.process_lhs(compiler, connection)
        return f"{left} = ANY(%s::bigint[])", (*parameters, many.array(self.rhs))


@dataclass(frozen=True)
class _Register:
    """A row of InstallationRegister with its installation."""

    series_id: int
    installation_id: int
    starts_at: datetime
    ends_at: datetime | None
    rated_per_hour: Decimal | None
    unit: str
    decimals: int
    wrap: int | None
    opening: int | None
    closing: int | None
    is_closing_estimated: bool


@dataclass(frozen=True)
class _Multiplier:
    """A row of MultiplierSegment."""

    starts_at: datetime
    numerator: int
    denominator: int
    registers: dict[str, int]


def load(*, organization_id: int, series_ids: Sequence[int]) -> dict[int, Setup]:
    """This will return the setup of each of these series that the organization has, in four queries."""
    series = models.Series.objects.filter(Among(F("pk"), series_ids), organization_id=organization_id)
    registers = _registers(organization_id, series_ids)
    hung = {each.installation_id for found in registers.values() for each in found}
    multipliers = _multipliers(organization_id, hung)
    corrections = _corrections(organization_id, series_ids)
    setups = {}
    for pk, kind, unit, decimals, step in series.values_list("pk", "kind", "unit", "decimals", "step"):
        meters = [
            _installation(each, multipliers.get(each.installation_id, []), Unit(unit), decimals)
            for each in registers.get(pk, [])
        ]
        setups[pk] = Setup(
            series_id=pk,
            kind=values.SeriesKind(kind),
            step=step,
            installations=tuple(sorted(meters, key=lambda meter: meter.start)),
            corrections=tuple(corrections.get(pk, [])),
        )
    return setups


def microseconds(instant: datetime) -> int:
    """This will return an aware instant as microseconds since 1970 in UTC."""
    return (instant - _EPOCH) // _MICROSECOND


def instant(microsecond: int) -> datetime:
    """This will return microseconds since 1970 as an aware instant in UTC."""
    return _EPOCH + microsecond * _MICROSECOND


@cache
def _scale(register_unit: str, register_decimals: int, unit: Unit, decimals: int) -> Fraction:
    return quantity.factor(Unit(register_unit), unit) * Fraction(10) ** (decimals - register_decimals)


@lru_cache(maxsize=1024)
def _scaled(numerator: int, denominator: int, scale: Fraction) -> Fraction:
    return Fraction(numerator, denominator) * scale


def _registers(organization_id: int, series_ids: Sequence[int]) -> dict[int, list[_Register]]:
    rows = models.InstallationRegister.objects.filter(
        Among(F("series_id"), series_ids), organization_id=organization_id
    ).values_list(
        "series_id",
        "installation_id",
        "installation__during",
        "installation__rated_per_hour",
        "unit",
        "decimals",
        "wrap",
        "opening",
        "closing",
        "is_closing_estimated",
    )
    found = defaultdict(list)
    row: Any
    for row in rows:
        series_id, installation_id, during, *others = row
        found[series_id].append(_Register(series_id, installation_id, during.lower, during.upper, *others))
    return found


def _multipliers(organization_id: int, installation_ids: Iterable[int]) -> dict[int, list[_Multiplier]]:
    rows = models.MultiplierSegment.objects.filter(
        Among(F("installation_id"), tuple(installation_ids)), organization_id=organization_id
    ).order_by("starts_at", "id")
    found = defaultdict(list)
    for installation_id, *others in rows.values_list(
        "installation_id", "starts_at", "numerator", "denominator", "registers"
    ):
        found[installation_id].append(_Multiplier(*others))
    return found


def _corrections(organization_id: int, series_ids: Sequence[int]) -> dict[int, list[Correction]]:
    rows = models.Correction.objects.filter(
        Among(F("series_id"), series_ids), organization_id=organization_id
    ).order_by("recorded_at", "id")
    found = defaultdict(list)
    columns = ("series_id", "kind", "at", "value", "until", "shape", "made_of__ratio")
    for series_id, kind, at, value, until, shape, ratio in rows.values_list(*columns):
        begins, ends = microseconds(at), None if until is None else microseconds(until)
        told = None if ends is None else shapes.read(begins, ends, shape)
        found[series_id].append(Correction(CorrectionKind(kind), begins, value, ends, told, ratios.read(ratio)))
    return found


def _installation(register: _Register, multipliers: list[_Multiplier], unit: Unit, decimals: int) -> Installation:
    start = microseconds(register.starts_at)
    scale = _scale(register.unit, register.decimals, unit, decimals)
    factors = [
        _factor(max(start, microseconds(each.starts_at)), _scaled(each.numerator, each.denominator, scale), None)
        if number == 0
        else _factor(
            microseconds(each.starts_at),
            _scaled(each.numerator, each.denominator, scale),
            each.registers.get(str(register.series_id)),
        )
        for number, each in enumerate(multipliers)
    ]
    if not factors or factors[0].at > start:
        factors.insert(0, _factor(start, scale, None))
    return Installation(
        start=start,
        factors=tuple(factors),
        end=None if register.ends_at is None else microseconds(register.ends_at),
        opening=register.opening,
        closing=register.closing,
        is_closing_estimated=register.is_closing_estimated,
        wrap=register.wrap,
        limit_per_hour=_limit(register.rated_per_hour, decimals, factors),
    )


def _factor(at: int, fraction: Fraction, register: int | None) -> Factor:
    return Factor(at, fraction.numerator, fraction.denominator, register)


def _limit(rated_per_hour: Decimal | None, decimals: int, factors: list[Factor]) -> int | None:
    """The rating in register units an hour, rounded up, by the smallest factor: a true reading is never held."""
    if rated_per_hour is None:
        return None
    ratios = frozenset((each.numerator, each.denominator) for each in factors)
    return _most(rated_per_hour, decimals, ratios)


@lru_cache(maxsize=1024)
def _most(rated_per_hour: Decimal, decimals: int, factors: frozenset[tuple[int, int]]) -> int:
    smallest = min(Fraction(*each) for each in factors)
    limit = Fraction(rated_per_hour) * Fraction(10) ** decimals / smallest
    return -(-limit.numerator // limit.denominator)
