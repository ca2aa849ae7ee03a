"""How a bus answered, as its page shows it: figures, charts with their tables, and a line for each meter."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import formats
from django.utils.translation import gettext as _

from meterbook.kernel import rounding
from meterbook.monitoring import bus_health
from meterbook.monitoring.bus_health import BusHealth, MeterHealth, Sums
from meterbook.monitoring.values import BUCKETS_MS
from meterbook.web.templatetags.meterbook import NO_BREAK, number

A_DAY = 24
CLOCK_OFF_MS = 60_000  # as `alarms.meter_clocks` has it: from here on intervals may be assigned wrongly
LATE_MS = 60_000  # a counter read so long after the boundary of its slot is worth a look
FULL = Decimal(80)  # percent of the time from which on a bus has hardly room for another meter
BAD = Decimal(95)  # percent of answers below which a line is worth a look


@dataclass(frozen=True)
class MeterLine:
    """A meter of the bus; texts are empty where nothing is known."""

    meter: MeterHealth
    href: str
    share: str  # of the questions that were answered
    is_bad: bool
    usual: str
    skew: str
    skew_most: str
    is_late: bool
    clock: str
    is_clock_off: bool
    budget: str


def histogram(sums: Sums) -> list[tuple[str, int, str]]:
    """This will return the answers by how long they took, then what failed: words, count and tone."""
    found = []
    below = 0
    for bound, count in zip(BUCKETS_MS, sums.buckets, strict=False):
        found.append((_("%(from)s to %(until)s ms") % {"from": number(below), "until": number(bound)}, count, "usual"))
        below = bound
    found.append((_("longer than %(from)s ms") % {"from": number(below)}, sums.buckets[-1], "usual"))
    return [*found, *failures(sums)]


def failures(sums: Sums) -> list[tuple[str, int, str]]:
    """This will return what failed: words, count and tone."""
    return [
        (_("Time-outs"), sums.timeouts, "alarm"),
        (_("CRC errors"), sums.damaged, "warn"),
        (_("Foreign or late answers"), sums.strange, "slate"),
        (_("Refused"), sums.refused, "faint"),
        (_("No connection"), sums.lost, "alarm"),
    ]


def histogram_chart(sums: Sums) -> dict[str, Any]:
    """This will return the histogram as the chart draws it: short labels, whole words when pointed at."""
    short = [*(f"≤{NO_BREAK}{number(each)}" for each in BUCKETS_MS), f">{NO_BREAK}{number(BUCKETS_MS[-1])}"]
    bars = [
        {"label": label, "parts": [[count, tone]], "words": f"{words}: {number(count)}"}
        for label, (words, count, tone) in zip([*short, _("Time-outs")], histogram(sums), strict=False)
    ]
    return {"unit": "", "bars": bars, "every": 1, "everySmall": 4}


def spans(health: BusHealth) -> list[tuple[datetime, Sums]]:
    """This will return the hours, or the days of the site where there are more than a week's."""
    if len(health.hours) <= 7 * A_DAY:
        return list(health.hours)
    zone = ZoneInfo(health.zone)
    by_day: dict[datetime, list[Sums]] = {}
    for hour, sums in health.hours:
        by_day.setdefault(hour.astimezone(zone).replace(hour=0, minute=0), []).append(sums)
    return [(day, bus_health.added(parts)) for day, parts in by_day.items()]


def over_time(health: BusHealth) -> Iterator[tuple[str, str, Sums]]:
    """This will return a short label, a whole one and the sums of each hour, or day."""
    zone, is_by_day = ZoneInfo(health.zone), len(health.hours) > 7 * A_DAY
    is_of_days = len(health.hours) > A_DAY
    for start, sums in spans(health):
        local = start.astimezone(zone)
        day, time = formats.date_format(local, "SHORT_DATE_FORMAT"), formats.time_format(local, "H:i")
        short = formats.date_format(local, "j M") if is_of_days else time
        yield short, day if is_by_day else f"{day} {time}", sums


def failures_chart(shown: Sequence[tuple[str, str, Sums]]) -> dict[str, Any]:
    """This will return what failed hour by hour."""
    bars = []
    for short, whole, sums in shown:
        told = [each for each in failures(sums) if each[1]]
        words = [whole, *(f"{words}: {number(count)}" for words, count, _tone in told)]
        words.append(_("%(failed)s of %(asked)s failed") % {"failed": number(sums.failed), "asked": number(sums.asked)})
        parts = [[count, tone] for _words, count, tone in told]
        bars.append({"label": short, "parts": parts, "words": "\n".join(words)})
    return {"unit": "", "bars": bars, **_every(len(bars))}


def budget_chart(shown: Sequence[tuple[str, str, Sums]]) -> dict[str, Any]:
    """This will return how much of the time the bus was busy, hour by hour."""
    bars = []
    for short, whole, sums in shown:
        used = sums.budget_percent
        tone = "usual" if used is None or used < FULL else "warn"
        bars.append(
            {
                "label": short,
                "parts": [] if used is None else [[float(used), tone]],
                "words": f"{whole}\n{percent(used) or _('not asked')}",
            }
        )
    return {"unit": "%", "bars": bars, **_every(len(bars))}


def line_of(meter: MeterHealth, health: BusHealth, href: str) -> MeterLine:
    """This will return a meter as the table shows it."""
    sums, share = meter.sums, meter.sums.answered_percent
    return MeterLine(
        meter=meter,
        href=href,
        share=percent(share),
        is_bad=share is not None and share < BAD,
        usual=within(sums.usual_ms, sums),
        skew="" if sums.skew_mean_ms is None else seconds(sums.skew_mean_ms),
        skew_most=seconds(sums.skew_most_ms) if sums.skews else "",
        is_late=sums.skew_most_ms >= LATE_MS,
        clock="" if meter.clock_ms is None else signed(meter.clock_ms),
        is_clock_off=meter.clock_ms is not None and abs(meter.clock_ms) > CLOCK_OFF_MS,
        budget=percent(bus_health.percent(sums.busy_ms, health.meters_watched_ms)),
    )


def percent(value: Decimal | None) -> str:
    """This will write a share: "33.3 %"; nothing where there is none."""
    return "" if value is None else f"{number(value, 1)}{NO_BREAK}%"


def within(bound: int | None, sums: Sums) -> str:
    """This will write the time within which answers came: "≤ 50 ms", "> 2,000 ms"; nothing where none was timed."""
    if not sum(sums.buckets):
        return ""
    sign, value = ("≤", bound) if bound is not None else (">", BUCKETS_MS[-1])
    return f"{sign}{NO_BREAK}{number(value)}{NO_BREAK}ms"


def seconds(milliseconds: int) -> str:
    """This will write seconds with one decimal."""
    value = Decimal(rounding.divide(milliseconds, 100)).scaleb(-1, context=rounding.EXACT)
    return f"{number(value, 1)}{NO_BREAK}s"


def signed(milliseconds: int) -> str:
    """This will write by how much a clock is ahead (+) or behind."""
    whole = timedelta(milliseconds=abs(milliseconds)) // timedelta(seconds=1)
    sign = "" if whole == 0 else "+" if milliseconds > 0 else "\u2212"
    return f"{sign}{number(whole)}{NO_BREAK}s"


def _every(count: int) -> dict[str, int]:
    """How many bars share a label: about eight on a wide screen, four on a phone, whole days and quarters of them."""
    step = 24 if count > 2 * A_DAY else 3 if count > 12 else 1
    small = {24: 48, 3: 6, 1: 2}[step]
    return {"every": step if count != 35 else 5, "everySmall": small if count != 35 else 10}
