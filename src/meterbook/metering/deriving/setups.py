"""What derivation must know about a series besides its readings: meters, factors, corrections. Read inside a scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any, NamedTuple

from django.db.models import F, Lookup

from meterbook.foundation import many
from meterbook.kernel import quantity
from meterbook.kernel.quantity import Unit
from meterbook.metering import models, ratios, values
from meterbook.metering.validation import shapes
from meterbook.metering.validation.inputs import Correction, CorrectionKind, Factor, Installation, Told

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


class _Register(NamedTuple):
    """A row of InstallationRegister with its installation; ends in microseconds."""

    installation_id: int
    start: int
    end: int | None
    rated_per_hour: Decimal | None
    unit: str
    decimals: int
    wrap: int | None
    opening: int | None
    closing: int | None
    is_closing_estimated: bool


class _Multiplier(NamedTuple):
    """A row of MultiplierSegment; `at` in microseconds."""

    at: int
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
    for pk, kind, unit, decimals, step in many.rows(series.values_list("pk", "kind", "unit", "decimals", "step")):
        meters = [
            _installation(pk, each, multipliers.get(each.installation_id, ()), unit, decimals)
            for each in registers.get(pk, ())
        ]
        if len(meters) > 1:
            meters.sort(key=lambda meter: meter.start)
        setups[pk] = Setup(
            series_id=pk,
            kind=values.SeriesKind(kind),
            step=step,
            installations=tuple(meters),
            corrections=tuple(corrections.get(pk, ())),
        )
    return setups


def microseconds(instant: datetime) -> int:
    """This will return an aware instant as microseconds since 1970 in UTC."""
    return (instant - _EPOCH) // _MICROSECOND


def instant(microsecond: int) -> datetime:
    """This will return microseconds since 1970 as an aware instant in UTC."""
    return _EPOCH + microsecond * _MICROSECOND


@cache
def _scale(register_unit: str, register_decimals: int, unit: str, decimals: int) -> Fraction:
    return quantity.factor(Unit(register_unit), Unit(unit)) * Fraction(10) ** (decimals - register_decimals)


def _registers(organization_id: int, series_ids: Sequence[int]) -> dict[int, list[_Register]]:
    found = models.InstallationRegister.objects.filter(
        Among(F("series_id"), series_ids), organization_id=organization_id
    ).values_list(
        "series_id",
        "installation_id",
        *many.both_ends(F("installation__during")),
        "installation__rated_per_hour",
        "unit",
        "decimals",
        "wrap",
        "opening",
        "closing",
        "is_closing_estimated",
    )
    registers = defaultdict(list)
    for series_id, installation_id, starts, ends, *others in many.rows(found):
        end = None if ends is None else microseconds(ends)
        registers[series_id].append(_Register(installation_id, microseconds(starts), end, *others))
    return registers


def _multipliers(organization_id: int, installation_ids: Iterable[int]) -> dict[int, list[_Multiplier]]:
    rows = models.MultiplierSegment.objects.filter(
        Among(F("installation_id"), tuple(installation_ids)), organization_id=organization_id
    ).order_by("starts_at", "id")
    found = defaultdict(list)
    for installation_id, starts, *others in many.rows(
        rows.values_list("installation_id", "starts_at", "numerator", "denominator", "registers")
    ):
        found[installation_id].append(_Multiplier(microseconds(starts), *others))
    return found


def _corrections(organization_id: int, series_ids: Sequence[int]) -> dict[int, list[Correction]]:
    rows = models.Correction.objects.filter(
        Among(F("series_id"), series_ids), organization_id=organization_id
    ).order_by("recorded_at", "id")
    found = defaultdict(list)
    columns = ("series_id", "kind", "at", "value", "until", "shape", "made_of__ratio", "method")
    for series_id, kind, at, value, until, shape, ratio, method in rows.values_list(*columns):
        begins, ends = microseconds(at), None if until is None else microseconds(until)
        told = None if ends is None else shapes.read(begins, ends, shape)
        part = Told(method) if kind == CorrectionKind.SET and method else None
        found[series_id].append(Correction(CorrectionKind(kind), begins, value, ends, told, ratios.read(ratio), part))
    return found


def _installation(
    series_id: int, register: _Register, multipliers: Sequence[_Multiplier], unit: str, decimals: int
) -> Installation:
    start = register.start
    scaled = (register.unit, register.decimals, unit, decimals)
    factors = [
        _factor(
            each.at if number else max(start, each.at),
            each.numerator,
            each.denominator,
            scaled,
            each.registers.get(str(series_id)) if number else None,
        )
        for number, each in enumerate(multipliers)
    ]
    if not factors or factors[0].at > start:
        factors.insert(0, _factor(start, 1, 1, scaled, None))
    return Installation(
        start=start,
        factors=tuple(factors),
        end=register.end,
        opening=register.opening,
        closing=register.closing,
        is_closing_estimated=register.is_closing_estimated,
        wrap=register.wrap,
        limit_per_hour=_limit(register.rated_per_hour, decimals, factors),
    )


@lru_cache(maxsize=1024)
def _factor(
    at: int, numerator: int, denominator: int, scaled: tuple[str, int, str, int], register: int | None
) -> Factor:
    """:param scaled: unit and decimals of the register, then of the series"""
    exact = Fraction(numerator, denominator) * _scale(*scaled)
    return Factor(at, exact.numerator, exact.denominator, register)


def _limit(rated_per_hour: Decimal | None, decimals: int, factors: list[Factor]) -> int | None:
    """The rating in register units an hour, rounded up, by the smallest factor: a true reading is never held."""
    if rated_per_hour is None:
        return None
    return _most(rated_per_hour, decimals, tuple((each.numerator, each.denominator) for each in factors))


@lru_cache(maxsize=1024)
def _most(rated_per_hour: Decimal, decimals: int, factors: tuple[tuple[int, int], ...]) -> int:
    smallest = min(Fraction(*each) for each in factors)
    limit = Fraction(rated_per_hour) * Fraction(10) ** decimals / smallest
    return -(-limit.numerator // limit.denominator)
