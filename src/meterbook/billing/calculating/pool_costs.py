"""What a pool costs in a time: entered, or counted and priced; a loss is what a main meter counted beyond others."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meterbook.billing.calculating import checking, facts, pool_gauges, pool_inputs, spans
from meterbook.billing.pools import definition, sheets
from meterbook.billing.pools.definition import LossPolicy, Source
from meterbook.billing.values import HoldReason
from meterbook.kernel import quantity, rounding
from meterbook.kernel.period import Period
from meterbook.kernel.quantity import Unit
from meterbook.kernel.rounding import RoundingMode
from meterbook.tariffs import models as tariff_models
from meterbook.tariffs.rating.plan import Scale
from meterbook.tariffs.rating.problems import UsageMisfit

MEASURED = (Source.METER, Source.LOSS)
NEGATIVE = "NEGATIVE_LOSS"


@dataclass(frozen=True)
class Entry:
    """An amount entered for local days, in smallest units; `line_kind` is that of a line of a supplier's invoice.

    `left` of it is the landlord's, for members who left.
    """

    kind: str
    first_day: date
    until_day: date
    text: str
    reference: str
    quantity: Decimal | None
    unit: str
    amount: int
    line_kind: str = ""
    invoice: str = ""
    left: int = 0
    texts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """Of which pool the cost is wanted for [first, until); `currency` with its decimals, `pool` by its name."""

    run: facts.Run
    pool: str
    made: definition.Definition
    first: date
    until: date
    period: Period
    currency: str
    places: int
    documents: facts.Documents


@dataclass(frozen=True)
class Meters:
    """The meters that tell the cost: the main one, and those behind it."""

    main: pool_gauges.Gauge | None = None
    behind: tuple[pool_gauges.Gauge, ...] = ()

    def wanted(self, period: Period) -> list[tuple[pool_gauges.Gauge, Period]]:
        """This will return what must be read."""
        return [(each, period) for each in ((self.main,) if self.main else ()) + self.behind]


class _Held(Exception):
    """The cost is not known yet."""

    def __init__(self, *reasons: checking.Held) -> None:
        super().__init__(reasons)
        self.reasons = list(reasons)


def meters(run: facts.Run, made: definition.Definition) -> Meters:
    """This will find the meters of a pool's cost; those that are gone are left out."""
    if made.cost.source not in MEASURED:
        return Meters()
    ids = [each for each in (made.cost.meter_point, *made.cost.meters) if each is not None]
    found = {each.public_id: each for each in pool_gauges.find(run, public_ids=ids or [uuid.UUID(int=0)])}
    behind = made.cost.meters if made.cost.source is Source.LOSS else ()
    main = None if made.cost.meter_point is None else found.get(made.cost.meter_point)
    return Meters(main, tuple(found[each] for each in behind if each in found))


def find(
    asked: Asked,
    own: Meters,
    readings: pool_gauges.Readings,
    entries: Sequence[Entry],
    incoming: Mapping[str, int],
) -> tuple[sheets.Costs | None, list[checking.Held]]:
    """This will return the cost of a pool in a time, or why it is not known yet.

    :param incoming: what members of earlier stages gave to this pool, by the name of the earlier one
    """
    try:
        return _find(asked, own, readings, entries, incoming), []
    except _Held as error:
        return None, error.reasons


def _find(
    asked: Asked,
    own: Meters,
    readings: pool_gauges.Readings,
    entries: Sequence[Entry],
    incoming: Mapping[str, int],
) -> sheets.Costs:
    entered = [_entered(each) for each in _of(asked, entries)]
    given = [sheets.Line("POOL", name, amount) for name, amount in sorted(incoming.items())]
    source = asked.made.cost.source
    if source not in MEASURED:
        if not any(each.kind in (Source.AMOUNT.value, Source.INVOICE.value) for each in entered):
            last = (asked.until - timedelta(days=1)).isoformat()
            reason = HoldReason.POOL_AMOUNT
            raise _Held(checking.hold(reason, "", pool=asked.pool, first=asked.first.isoformat(), last=last))
        return sheets.Costs([*entered, *given])
    if own.main is None or own.main.series is None or len(own.behind) != len(asked.made.cost.meters) * _is_loss(asked):
        raise _Held(checking.hold(HoldReason.POOL_METER, "", pool=asked.pool, meter=own.main.code if own.main else "–"))
    faults = [
        fault for gauge, period in own.wanted(asked.period) for fault in readings.faults(asked.pool, gauge, period)
    ]
    if faults:
        raise _Held(*faults)
    if source is Source.LOSS:
        return _loss(asked, own, readings, [*entered, *given])
    series = own.main.series
    values = readings.intervals(own.main, asked.period)
    lines = _priced(asked, own.main, values, own.main.name)
    if asked.made.cost.is_never_above:
        entered = _never_above(asked, lines, entered)
    return sheets.Costs(
        [*lines, *entered, *given],
        quantity=int(values.sum(dtype=np.int64)),
        unit=series.unit.value,
        decimals=series.decimals,
    )


def _never_above(asked: Asked, priced: Sequence[sheets.Line], entered: Sequence[sheets.Line]) -> list[sheets.Line]:
    """Lines of the supplier's invoice are the most that is charged: what the price makes above them is taken off."""
    paid = [each for each in entered if each.kind == Source.INVOICE.value]
    if not paid:
        last = (asked.until - timedelta(days=1)).isoformat()
        reason = HoldReason.POOL_AMOUNT
        raise _Held(checking.hold(reason, "", pool=asked.pool, first=asked.first.isoformat(), last=last))
    most, charged = (sum(each.amount for each in lines) for lines in (paid, priced))
    others = [each for each in entered if each.kind != Source.INVOICE.value]
    if charged <= most:
        return others
    told = {
        "paid": f"{Decimal(most).scaleb(-asked.places):f}",
        "charged": f"{Decimal(charged).scaleb(-asked.places):f}",
    }
    numbers = ", ".join(
        dict.fromkeys(str(each.data.get("reference", "")) for each in paid if each.data.get("reference"))
    )
    return [sheets.Line("CEILING", numbers, most - charged, data=told), *others]


def _is_loss(asked: Asked) -> int:
    return int(asked.made.cost.source is Source.LOSS)


def _of(asked: Asked, entries: Iterable[Entry]) -> list[Entry]:
    """Those of the days; a difference of an earlier sheet counts where its first day lies.

    :raises _Held: when an amount is for only some of the days: how much of it is meant, nobody said
    """
    found = []
    for each in entries:
        if each.kind == "ADJUSTMENT":
            if asked.first <= each.first_day < asked.until:
                found.append(each)
        elif asked.first <= each.first_day and each.until_day <= asked.until:
            found.append(each)
        elif each.first_day < asked.until and asked.first < each.until_day:
            last = (each.until_day - timedelta(days=1)).isoformat()
            first = each.first_day.isoformat()
            raise _Held(checking.hold(HoldReason.POOL_DAYS, "", pool=asked.pool, first=first, last=last))
    return found


def _entered(entry: Entry) -> sheets.Line:
    data: dict[str, Any] = {"first_day": entry.first_day.isoformat(), "until_day": entry.until_day.isoformat()}
    if entry.reference:
        data["reference"] = entry.reference
    if entry.invoice:
        data |= {"line_kind": entry.line_kind, "invoice": entry.invoice}
    if entry.texts:
        data["texts"] = dict(entry.texts)
    quantity_text = "" if entry.quantity is None else f"{entry.quantity.normalize():f}"
    return sheets.Line(
        entry.kind, entry.text, entry.amount, quantity=quantity_text, unit=entry.unit, data=data, left=entry.left
    )


def _loss(asked: Asked, own: Meters, readings: pool_gauges.Readings, others: Sequence[sheets.Line]) -> sheets.Costs:
    """What the main meter counted beyond those behind it (B-62). More behind it than through it is never credited."""
    main = own.main
    if main is None or main.series is None:
        raise _Held(checking.hold(HoldReason.POOL_METER, "", pool=asked.pool, meter="–"))
    scale = main.series
    through = readings.total(main, asked.period)
    behind, lost = [], Fraction(through)
    for each in own.behind:
        exact = readings.exact(each, asked.period, scale.unit)
        lost -= exact * 10**scale.decimals
        behind.append({"meter_point": each.code, "quantity": sheets.text(exact)})
    loss = rounding.divide(lost.numerator, lost.denominator)
    percent = rounding.round_fraction(Fraction(100 * loss, through), 2) if through else Decimal(0)
    told: dict[str, Any] = {
        "main": {"meter_point": main.code, "quantity": _scaled(through, scale.decimals)},
        "behind": behind,
        "loss": _scaled(loss, scale.decimals),
        "unit": scale.unit.value,
        "percent": str(percent),
        "policy": asked.made.cost.policy.value,
    }
    measured = sheets.Costs([], unit=scale.unit.value, decimals=scale.decimals, loss=told)
    if loss < 0:
        nothing = sheets.Line("LOSS", main.name, 0, data={"meter_point": main.code})
        return replace(measured, lines=[nothing, *others], quantity=0, flags=(NEGATIVE,))
    lines = _priced(asked, main, _lost(own, readings, asked, loss), main.name, kind="LOSS")
    total = sum(each.amount for each in lines)
    borne = loss
    if asked.made.cost.policy is LossPolicy.SHARED:
        borne = 0
    elif asked.made.cost.policy is LossPolicy.CAPPED and asked.made.cost.cap is not None:
        most = asked.made.cost.cap * through / 100
        borne = max(loss - most.numerator // most.denominator, 0)
        told["cap"] = sheets.text(asked.made.cost.cap)
    amount = rounding.divide(total * borne, loss) if loss else 0
    why = "LOSS_CAP" if asked.made.cost.policy is LossPolicy.CAPPED else "LOSS_POLICY"
    return replace(
        measured,
        lines=[*lines, *others],
        quantity=loss,
        landlord=amount,
        landlord_quantity=borne,
        why=why if borne else "",
    )


def _lost(own: Meters, readings: pool_gauges.Readings, asked: Asked, loss: int) -> NDArray[np.int64]:
    """The loss by interval, where a tariff prices it; else its sum is enough."""
    main = own.main
    if main is None or main.series is None or asked.made.cost.tariff is None:
        return np.array([loss], np.int64)
    found = readings.intervals(main, asked.period).copy()
    for each in own.behind:
        factor = quantity.factor(each.series.unit, main.series.unit) if each.series else Fraction(1)
        factor *= Fraction(10) ** (main.series.decimals - (each.series.decimals if each.series else 0))
        values = readings.intervals(each, asked.period)
        if len(values) != len(found) or factor.denominator != 1:
            raise _Held(checking.hold(HoldReason.POOL_METER, each.code, pool=asked.pool, meter=each.code))
        found -= values * int(factor)
    return found


def _priced(
    asked: Asked, gauge: pool_gauges.Gauge, values: NDArray[np.int64], name: str, *, kind: str = "METER"
) -> list[sheets.Line]:
    """By the unit price of the pool, or by a tariff without its taxes."""
    if gauge.series is None:
        return []
    cost = asked.made.cost
    if cost.tariff is not None:
        return _by_tariff(asked, gauge, gauge.series, values, cost.tariff)
    unit = _unit(cost.unit, gauge.series.unit)
    try:
        scale = quantity.factor(gauge.series.unit, unit)
    except quantity.UnitMismatch as error:
        said = {"measured": str(gauge.series.unit), "priced": str(unit)}
        raise _Held(checking.hold(HoldReason.UNIT, gauge.code, **said)) from error
    used = int(values.sum(dtype=np.int64)) * scale / 10**gauge.series.decimals
    price = cost.price or Fraction(0)
    amount = used * price * 10**asked.places
    return [
        sheets.Line(
            kind,
            name,
            rounding.divide(amount.numerator, amount.denominator),
            quantity=sheets.text(used),
            unit=unit.value,
            price=sheets.text(price),
            mode=RoundingMode.HALF_UP.value,
            data={"meter_point": gauge.code},
        )
    ]


def _by_tariff(
    asked: Asked, gauge: pool_gauges.Gauge, series: facts.Series, values: NDArray[np.int64], public_id: uuid.UUID
) -> list[sheets.Line]:
    tariffs = tariff_models.Tariff.objects.filter(organization_id=asked.run.organization_id, public_id=public_id)
    ids = set(tariffs.values_list("id", flat=True))
    tariff = next(iter(facts.load_tariffs(asked.run, ids, asked.documents).values()), None)
    if tariff is None or tariff.currency != asked.currency:
        raise _Held(checking.hold(HoldReason.CURRENCY, gauge.code, currency=tariff.currency if tariff else "–"))
    whole = spans.span(asked.period, step=series.step, zone=gauge.zone)
    lines: list[sheets.Line] = []
    for part, version in tariff.pieces(asked.period, gauge.zone):
        cut = spans.span(part, step=series.step, zone=gauge.zone)
        if whole is None or cut is None:
            continue
        if version is None:
            said = {"tariff": tariff.code, "day": part.start.astimezone(gauge.zone).date().isoformat()}
            raise _Held(checking.hold(HoldReason.NO_VERSION, gauge.code, **said))
        plan = spans.SharePlan(
            document=version.document,
            zone=gauge.zone,
            period=cut.cut,
            scale=Scale(series.unit, series.decimals),
            counted=cut.days,
        )
        step = timedelta(minutes=series.step)
        begin, end = ((each - whole.cut.start) // step for each in (cut.cut.start, cut.cut.end))
        inputs, lacking = pool_inputs.load(asked.run, gauge, cut.cut, version.document)
        if lacking:
            raise _Held(*lacking)
        try:
            rated = pool_inputs.rate(plan, values[begin:end], step, inputs)
        except UsageMisfit as error:  # such as a demand or a fact that only accounts have
            raise _Held(checking.hold(HoldReason.POOL_METER, gauge.code, pool=asked.pool, meter=gauge.code)) from error
        data = {"meter_point": gauge.code, "tariff": tariff.code, "version": version.number}
        mode = version.document.mode.value
        lines += [
            sheets.Line(
                "TARIFF",
                line.text["en"],
                int(line.amount.scaleb(asked.places)),
                quantity=str(line.quantity),
                unit=line.unit,
                price=f"{line.price:f}",
                mode=mode,
                data=data,
            )
            for line in rated.lines
        ]
    return lines


def _unit(given: str, counted: Unit) -> Unit:
    if given in set(Unit):
        return Unit(given)
    return Unit.KWH if counted in (Unit.WH, Unit.KWH) else Unit.M3 if counted in (Unit.L, Unit.M3) else counted


def _scaled(value: int, decimals: int) -> str:
    return f"{Decimal(value).scaleb(-decimals):f}"
