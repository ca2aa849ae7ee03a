"""What a cubic meter of gas holds on the days of a run at its site: never a guess, unless the supply area says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from meterbook.billing import models
from meterbook.billing.calculating import checking, facts
from meterbook.billing.calculating.wanted import Wanted
from meterbook.billing.gas_values import GasKind, OnMissingValue
from meterbook.billing.values import HoldReason
from meterbook.kernel import civil
from meterbook.kernel.quantity import Unit
from meterbook.metering.values import Service
from meterbook.tariffs.rating import converting
from meterbook.tariffs.rating.converting import Conversion

Key = tuple[int, int]  # account, meter point
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Gas:
    """By account and meter point what its days hold, in order; and why accounts wait."""

    conversions: Mapping[Key, tuple[Conversion, ...]] = field(default_factory=dict)
    held: Mapping[int, list[checking.Held]] = field(default_factory=dict)


@dataclass(frozen=True)
class _Value:
    """A value, and whether it stands for later days than its own."""

    value: Decimal
    unit: Unit
    is_estimated: bool


def converts(service: Service, measured: Unit, priced: Unit) -> bool:
    """This will tell whether a volume of gas is priced as energy."""
    return service is Service.GAS and converting.is_gas(measured, priced)


def load(run: facts.Run, wanted: Sequence[Wanted]) -> Gas:
    """This will return what the gas of shares holds; nothing where none is priced as energy."""
    own = [each for each in wanted if each.converts_gas]
    if not own:
        return Gas()
    area = models.GasArea.objects.filter(organization_id=run.organization_id, site_ids__contains=[run.site_id]).first()
    held: dict[int, list[checking.Held]] = defaultdict(list)
    if area is None:
        for each in own:
            held[each.share.account_id].append(checking.hold(HoldReason.NO_GAS_AREA, each.point.code))
        return Gas({}, held)
    values = _Values(area, run)
    found: dict[Key, tuple[Conversion, ...]] = {}
    for each in own:
        first = civil.local_date(each.cut.start, each.point.zone)
        until = civil.local_date(each.cut.end - timedelta.resolution, each.point.zone) + _DAY
        conversions, lacking = values.conversions(first, until)
        if lacking:
            named = {"area": area.name, "first": lacking[0].isoformat(), "last": lacking[-1].isoformat()}
            held[each.share.account_id].append(checking.hold(HoldReason.NO_GAS_VALUE, each.point.code, **named))
        found[each.share.account_id, each.point.id] = conversions
    return Gas(found, held)


class _Values:
    """The values of an area, read once for all accounts of a chunk."""

    def __init__(self, area: models.GasArea, run: facts.Run) -> None:
        self._area, self._fixed = area, area.factor
        self._estimates = area.on_missing == OnMissingValue.ESTIMATE
        until = run.until_day + 2 * _DAY  # days in zones farther east
        rows = models.GasValue.objects.filter(organization_id=run.organization_id, area=area)
        self._rows: dict[str, list[models.GasValue]] = defaultdict(list)
        for each in rows.filter(days__startswith__lt=until).order_by("-id"):
            self._rows[each.kind].append(each)
        self._known: dict[tuple[date, date], tuple[tuple[Conversion, ...], list[date]]] = {}

    def conversions(self, first: date, until: date) -> tuple[tuple[Conversion, ...], list[date]]:
        """This will return what holds on days, and the days without a value."""
        key = first, until
        if key not in self._known:
            self._known[key] = self._made(first, until)
        return self._known[key]

    def _made(self, first: date, until: date) -> tuple[tuple[Conversion, ...], list[date]]:
        found: list[Conversion] = []
        lacking: list[date] = []
        for day in _days(first, until):
            calorific = self._on(GasKind.CALORIFIC, day)
            factor = self._on(GasKind.FACTOR, day) if self._fixed is None else _Value(self._fixed, Unit.ONE, False)
            if calorific is None or factor is None:
                lacking.append(day)
                continue
            own = Conversion(
                first=day,
                until=day + _DAY,
                factor=_plain(factor.value),
                calorific=_plain(calorific.value),
                unit=calorific.unit,
                area=self._area.code,
                is_estimated=calorific.is_estimated or factor.is_estimated,
            )
            before = found[-1] if found else None
            if before is not None and before.until == day and _same(before, own):
                found[-1] = _longer(before, own.until)
            else:
                found.append(own)
        return tuple(found), lacking

    def _on(self, kind: GasKind, day: date) -> _Value | None:
        """The newest that holds on a day; where the area estimates, else the one that ended latest before."""
        rows = self._rows[kind.value]
        own = next((each for each in rows if each.days.lower <= day < each.days.upper), None)
        if own is not None:
            return _Value(own.value, Unit(own.unit), False)
        before = [each for each in rows if each.days.upper <= day]
        if not self._estimates or not before:
            return None
        latest = max(before, key=lambda each: (each.days.upper, each.pk))
        return _Value(latest.value, Unit(latest.unit), True)


def _days(first: date, until: date) -> Iterable[date]:
    return (first + number * _DAY for number in range((until - first).days))


def _same(one: Conversion, other: Conversion) -> bool:
    names = ("factor", "calorific", "unit", "is_estimated")
    return all(getattr(one, each) == getattr(other, each) for each in names)


def _longer(one: Conversion, until: date) -> Conversion:
    return Conversion(one.first, until, one.factor, one.calorific, one.unit, one.area, one.is_estimated)


def _plain(value: Decimal) -> Decimal:
    """Without zeros at its end: 0.951300 is 0.9513, and 11 stays 11."""
    found = value.normalize()
    return found if found.as_tuple().exponent <= 0 else found.quantize(Decimal(1))  # type: ignore[operator]
