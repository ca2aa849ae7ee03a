"""What tariffs need besides energy: other channels, facts of accounts, earlier bills, invoices, the site's peak."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meterbook.billing.calculating import (
    account_facts,
    carriers,
    checking,
    earlier,
    facts,
    gas,
    left_banks,
    linked,
    maxima,
    site_peaks,
    usage,
)
from meterbook.billing.calculating.wanted import Wanted
from meterbook.kernel.period import Period
from meterbook.kernel.quantity import Unit
from meterbook.metering import models as metering_models
from meterbook.metering.values import TARIFF_SERIES
from meterbook.tariffs import sources
from meterbook.tariffs.rating import inputs_reading, measured, needs
from meterbook.tariffs.rating.gathering import Flow
from meterbook.tariffs.rating.inputs import NONE, Inputs
from meterbook.tariffs.rating.plan import Plan, Scale
from meterbook.tariffs.rating.problems import UsageMisfit
from meterbook.tariffs.rating.terms import OF_METER, Channel

CODES = {
    Channel.EXPORT: "energy_export",
    Channel.REACTIVE_IMPORT: "energy_reactive_import",
    Channel.REACTIVE_EXPORT: "energy_reactive_export",
    Channel.APPARENT: "energy_apparent",
    Channel.VOLUME: "volume",
    **dict(zip(OF_METER, TARIFF_SERIES, strict=True)),
}
_LONGEST_WINDOW = timedelta(hours=1)
Read = Callable[..., usage.Blocks]


@dataclass(frozen=True)
class Further:
    """By (account, meter point): inputs; by meter point: series of channels; their blocks by step.

    `leads` are meter points whose account had them right before the period, too: windows may begin there (B-40). `held`
    says by account what is missing of it.
    """

    inputs: Mapping[tuple[int, int], Inputs] = field(default_factory=dict)
    channels: Mapping[int, Mapping[Channel, facts.Series]] = field(default_factory=dict)
    blocks: Mapping[int, usage.Blocks] = field(default_factory=dict)
    leads: frozenset[tuple[int, int]] = frozenset()
    held: Mapping[int, Sequence[checking.Held]] = field(default_factory=dict)

    def of(self, share: facts.Share) -> Inputs:
        """This will return the inputs of a share."""
        return self.inputs.get((share.account_id, share.meter_point_id), NONE)

    def words(self, share: facts.Share, cut: Period) -> list[str]:
        """This will write down what a share was priced from besides energy, for the stamp of its draft."""
        inputs = self.of(share)
        if inputs is NONE:
            return []
        found = [repr(inputs_reading.written(inputs))]
        for code, prices in sorted(inputs.price_series.items()):
            found.append(f"{code} {prices.start} {prices.step} {','.join(map(str, prices.prices))}")
        for channel, series in sorted(self.channels.get(share.meter_point_id, {}).items()):
            if series.step in self.blocks and series.id in self.blocks[series.step].row_of:
                found.append(f"{channel.value} {self.blocks[series.step].written(series.id, cut)}")
        return found

    def kind(self, share: facts.Share, plan_needs: needs.Needs) -> tuple[object, ...]:
        """This will return what shares that are rated together have in common besides their plan."""
        found = self.channels.get(share.meter_point_id, {})
        held = tuple(
            sorted(
                (each.value, found[each].unit, found[each].decimals) for each in plan_needs.channels if each in found
            )
        )
        return held, plan_needs.slides and (share.account_id, share.meter_point_id) in self.leads

    def flows(self, plan: Plan, shares: Sequence[facts.Share], step: int) -> dict[Channel, Flow]:
        """This will return the channels of meter points that all have them, as matrices of the plan's period.

        :raises UsageMisfit: when a channel is measured in other intervals than the energy
        """
        flows = {}
        for channel in sorted(measured.needed(plan)):
            series = [self.channels.get(each.meter_point_id, {}).get(channel) for each in shares]
            held = [each for each in series if each is not None]
            if len(held) < len(series):
                continue  # the rating says what is missing
            if any(each.step != step for each in held):
                raise UsageMisfit(f"{channel.value}: the intervals are not {step} minutes as those of the energy.")
            blocks = self.blocks[step]
            rows = [blocks.row_of[each.id] for each in held]
            values = blocks.values[rows, blocks.columns(plan.period)]
            flows[channel] = Flow(values, Scale(held[0].unit, held[0].decimals))
        return flows

    def lead(self, series: Sequence[facts.Series], plan: Plan, step: int) -> NDArray[np.int64] | None:
        """This will return the intervals right before a period, an hour of them."""
        blocks = self.blocks[step]
        before = Period(plan.period.start - _LONGEST_WINDOW, plan.period.start)
        values: NDArray[np.int64] = blocks.values[[blocks.row_of[each.id] for each in series], blocks.columns(before)]
        return values


NOTHING = Further()


def load(run: facts.Run, chunk: facts.Chunk, wanted: Sequence[Wanted], read: Read) -> Further:
    """This will load what extended tariffs of a chunk need; nothing where there are none, and no tax at all.

    :param read: reads day blocks, as `usage.load`
    """
    return load_after(run, chunk, wanted, read, earlier.load)


def load_after(
    run: facts.Run,
    chunk: facts.Chunk,
    wanted: Sequence[Wanted],
    read: Read,
    look_back: Callable[[facts.Run, Sequence[Wanted]], earlier.Earlier],
) -> Further:
    """This will load the same with what went before from elsewhere.

    :param look_back: says what went before, as `earlier.load`
    """
    exempt = account_facts.exemptions(run, wanted)
    waiting = left_banks.load(run, wanted)
    wanted = [_looking_back(each) if each.share in waiting else each for each in wanted] if waiting else wanted
    extended = [each for each in wanted if not each.needs.is_nothing]
    burned = gas.load(run, wanted)
    if not extended and not exempt and not burned.conversions and not burned.held:
        return NOTHING
    known = account_facts.Known.load(run, extended)
    history = look_back(run, extended)
    beside = linked.load(run, chunk, extended, read)
    peak = site_peaks.find(run, read) if any(each.needs.site_peak for each in extended) else None
    shown = maxima.load(run, extended)
    inputs = {}
    for each in wanted:
        key = each.share.account_id, each.share.meter_point_id
        taxes = exempt.get(each.share.account_id, ())
        if each.needs.is_nothing:
            if taxes or key in burned.conversions:
                inputs[key] = Inputs(exemptions=taxes, conversions=burned.conversions.get(key, ()))
            continue
        inputs[key] = Inputs(
            facts=known.facts(each),
            is_first_period=known.is_first(each),
            is_final_period=known.is_final(each),
            waiting_banks=waiting.get(each.share, ()),
            exemptions=taxes,
            history=history.of(each),
            invoices=known.invoices,
            keys=known.keys,
            price_series=known.prices,
            site_peak=peak,
            deducted=beside.deducted.get(key, {}),
            winter=beside.winter.get(key, {}),
            conversions=burned.conversions.get(key, ()),
            registered=shown.get(key, ()),
            whole_days=(run.until_day - run.first_day).days,
        )
    known_all = _measured(run, extended, inputs, read)
    return replace(known_all, held={**beside.held, **burned.held, **_unmeasured(known_all, extended)})


def _looking_back(wanted: Wanted) -> Wanted:
    """What an account needs whose contract ends while banks of earlier tariffs wait."""
    return wanted._replace(needs=replace(wanted.needs, banks=True, is_nothing=False))


def _unmeasured(further: Further, wanted: Sequence[Wanted]) -> dict[int, list[checking.Held]]:
    """Intervals that are missing would be billed as nothing used, or show a temperature difference that never was."""
    held: dict[int, list[checking.Held]] = defaultdict(list)
    for each in wanted:
        for channel, series in further.channels.get(each.point.id, {}).items():
            codes = further.blocks[series.step].codes(series.id, each.cut) if channel in each.needs.channels else None
            if codes is not None:
                held[each.share.account_id] += checking.of_usage(
                    codes, each.cut, step=series.step, point=each.point, register=channel.value
                )
    return {account_id: reasons for account_id, reasons in held.items() if reasons}


def again(
    run: facts.Run, wanted: Sequence[Wanted], read: Read, taken: Callable[[Wanted], Mapping[str, Any] | None]
) -> Further:
    """This will return what bills say that they took besides usage, to make them again.

    :param taken: gives the `inputs` of a share's charges; None: it took nothing
    """
    extended = [each for each in wanted if not each.needs.is_nothing]
    codes = {code for each in extended for code in each.needs.price_series}
    prices = sources.prices(codes=codes, period=run.period) if codes else {}
    inputs: dict[tuple[int, int], Inputs] = {}
    for each in wanted:
        raw = taken(each)
        if raw is not None:
            key = each.share.account_id, each.share.meter_point_id
            found = replace(inputs_reading.read(raw), price_series=prices)
            # What a second contract went on from in banks follows from the first.
            inputs[key] = replace(found, history=inputs[key].history) if key in inputs else found
    return _measured(run, extended, inputs, read) if extended else Further(inputs)


def _measured(
    run: facts.Run, wanted: Sequence[Wanted], inputs: Mapping[tuple[int, int], Inputs], read: Read
) -> Further:
    channels = _channels(run, wanted)
    leads = account_facts.had_before(run, [each.share for each in wanted if each.needs.slides])
    return Further(inputs, channels, _blocks(run, wanted, channels, leads, read), leads)


def _channels(run: facts.Run, wanted: Sequence[Wanted]) -> dict[int, dict[Channel, facts.Series]]:
    codes = {CODES[each]: each for every in wanted for each in every.needs.channels if each in CODES}
    found: dict[int, dict[Channel, facts.Series]] = defaultdict(dict)
    if not codes:
        return found
    rows = metering_models.Series.objects.filter(
        organization_id=run.organization_id,
        meter_point_id__in={each.point.id for each in wanted},
        code__in=set(codes),
    )
    for point_id, code, pk, public_id, unit, decimals, step in rows.order_by("id").values_list(
        "meter_point_id", "code", "id", "public_id", "unit", "decimals", "step"
    ):
        found[point_id][codes[code]] = facts.Series(pk, public_id, Unit(unit), decimals, step)
    flowing = {each.point.id for each in wanted if Channel.VOLUME in each.needs.channels}
    lacking = {each for each in flowing if Channel.VOLUME not in found.get(each, {})}
    for point_id, series in carriers.find(run.organization_id, lacking).items():
        found[point_id][Channel.VOLUME] = series
    return found


def _blocks(
    run: facts.Run,
    wanted: Sequence[Wanted],
    channels: Mapping[int, Mapping[Channel, facts.Series]],
    leads: Iterable[tuple[int, int]],
    read: Read,
) -> dict[int, usage.Blocks]:
    """Blocks of channels, and of the energy itself where windows begin before the period."""
    ids: dict[int, set[int]] = defaultdict(set)
    days: dict[int, list[tuple[date, date]]] = defaultdict(list)
    before = set(leads)
    for each in wanted:
        listed = [
            series for channel, series in channels.get(each.point.id, {}).items() if channel in each.needs.channels
        ]
        has_lead = (each.share.account_id, each.point.id) in before
        if has_lead and each.point.series is not None:
            listed.append(each.point.series)
        for series in listed:
            ids[series.step].add(series.id)
            period = Period(each.cut.start - _LONGEST_WINDOW, each.cut.end) if has_lead else each.cut
            days[series.step].append(usage.utc_days(period))
    return {
        step: read(
            organization_id=run.organization_id,
            series_ids=sorted(found),
            step=step,
            first=min(first for first, _until in days[step]),
            until=max(until for _first, until in days[step]),
        )
        for step, found in ids.items()
    }
