"""Further registers of meter points that lines are priced from: tariff registers, reactive energy, volume (B-70)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from meterbook.billing import content
from meterbook.billing.calculating import facts, further, measured, usage
from meterbook.kernel.period import Period
from meterbook.tariffs.rating import needs
from meterbook.tariffs.rating.terms import Channel


def wholes(pieces: Sequence[measured.Piece], more: further.Further) -> list[tuple[facts.Series, Period]]:
    """This will return the series of all further registers, each with the time of its share."""
    if not more.channels:
        return []
    found = []
    for group in measured.by_share(pieces):
        cut = measured.cut_of(group)
        found += [(series, cut) for series in _series(group, more).values()]
    return found


def of(group: Sequence[measured.Piece], used: measured.Used, more: further.Further) -> tuple[content.Counter, ...]:
    """This will return the further registers of a share, in the order of the channels; `group` are its pieces."""
    if not more.channels:
        return ()
    cut, components = measured.cut_of(group), _components(group)
    return tuple(
        _counter(channel, components[channel], series, cut, used, more.blocks[series.step])
        for channel, series in _series(group, more).items()
    )


def _counter(
    channel: Channel,
    components: Mapping[str, bool],
    series: facts.Series,
    cut: Period,
    used: measured.Used,
    blocks: usage.Blocks,
) -> content.Counter:
    total = int(blocks.values[blocks.row_of[series.id], blocks.columns(cut)].sum())
    return content.Counter(
        code=further.CODES[channel],
        components=list(components),
        alone=[code for code, is_alone in components.items() if is_alone],
        unit=series.unit.value,
        decimals=series.decimals,
        segments=used.registers.segments(series, cut, total),
        quantity=total,
        counts=measured.counts_of(blocks, series, cut),
        reference=measured.reference_of(blocks, series, cut),
        estimates=used.estimates.named(series, cut, blocks),
    )


def _series(group: Sequence[measured.Piece], more: further.Further) -> dict[Channel, facts.Series]:
    known, wanted = more.channels.get(group[0].point.id, {}), _components(group)
    return {channel: known[channel] for channel in further.CODES if channel in wanted and channel in known}


def _components(group: Sequence[measured.Piece]) -> dict[Channel, dict[str, bool]]:
    """By channel the components that take it, and whether it alone is their quantity."""
    found: dict[Channel, dict[str, bool]] = defaultdict(dict)
    for piece in group:
        for component in piece.version.document.components:
            for channel in needs.channels(component):
                found[channel][component.code] = component.channel is channel
    return found
