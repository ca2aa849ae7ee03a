"""What registers showed and counted, as a bill writes it: of a meter point, and of each further register of it."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from meterbook.billing.content.parts import Counter, Estimate, Plain, Point, Register, Segment


@functools.lru_cache(maxsize=65_536)
def say(instant: datetime, zone: ZoneInfo) -> str:
    """This will write local time with its offset; the bills of a run say the same instants again and again."""
    return instant.astimezone(zone).isoformat()


def section(part: Point | Counter, zone: ZoneInfo) -> Plain:
    """This will write down readings, quantity, quality and the day blocks that they come from."""
    counts, reference = part.counts, part.reference
    return {
        "unit": part.unit,
        "decimals": part.decimals,
        "segments": [_segment(each, zone) for each in part.segments],
        "adjustment": part.quantity - sum(each.quantity for each in part.segments),
        "quantity": part.quantity,
        "quality": {
            "intervals": counts.intervals,
            "measured": counts.measured,
            "estimated": counts.estimated,
            "interpolated": counts.interpolated,
            "edited": counts.edited,
        },
        **_estimates(part, zone),
        "reference": {
            "series": reference.series,
            "first_day": reference.first_day.isoformat(),
            "until_day": reference.until_day.isoformat(),
            "blocks": reference.blocks,
            "revision": reference.revision,
            "digest": reference.digest,
        },
    }


def registers(point: Point, zone: ZoneInfo) -> Plain:
    """This will write down the further registers that lines were priced from; nothing where there are none."""
    if not point.registers:
        return {}
    return {"registers": [_counter(each, zone) for each in point.registers]}


def words(part: Point | Counter) -> Iterable[str]:
    """This will name the values at the ends of the segments, a line each, for the digest of a bill's inputs."""
    for each in part.segments:
        corrected = "" if each.corrected_by == 1 else f" {each.corrected_by}"
        ends = f"{each.previous.at} {each.previous.value} {each.present.at} {each.present.value}"
        yield f"{each.serial} {ends} {each.multiplier}{corrected}"


def _counter(counter: Counter, zone: ZoneInfo) -> Plain:
    return {
        "code": counter.code,
        "components": list(counter.components),
        "alone": list(counter.alone),
        **section(counter, zone),
    }


def _estimates(part: Point | Counter, zone: ZoneInfo) -> Plain:
    """Time that was estimated, and time over which measured use was spread."""
    both = {
        "estimates": [_estimate(each, zone) for each in part.estimates if not each.is_spread],
        "apportioned": [_estimate(each, zone) for each in part.estimates if each.is_spread],
    }
    return {key: told for key, told in both.items() if told}


def _estimate(estimate: Estimate, zone: ZoneInfo) -> Plain:
    return {
        "from": say(estimate.period.start, zone),
        "until": say(estimate.period.end, zone),
        "method": estimate.method,
        "quantity": estimate.quantity,
        "intervals": estimate.intervals,
    }


def _segment(segment: Segment, zone: ZoneInfo) -> Plain:
    return {
        "serial": segment.serial,
        "model": segment.model,
        "register": segment.register,
        "unit": segment.unit,
        "decimals": segment.decimals,
        "previous": _register(segment.previous, zone),
        "present": _register(segment.present, zone),
        "difference": segment.difference,
        "multiplier": str(segment.multiplier),
        **_corrected_by(segment),
        "quantity": segment.quantity,
    }


def _corrected_by(segment: Segment) -> Plain:
    """What a test of the meter corrects, where it does (B-24)."""
    if segment.corrected_by == 1:
        return {}
    return {"corrected_by": str(segment.corrected_by), "test": segment.test}


def _register(register: Register, zone: ZoneInfo) -> Plain:
    return {
        "at": say(register.at, zone),
        "value": register.value,
        "quality": register.quality.name,
        "source": register.source,
    }
