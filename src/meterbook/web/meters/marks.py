"""What happened in a period and is marked in its chart: exchanges, multipliers, resets, corrections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from meterbook.kernel.quantity import Unit
from meterbook.metering import queries as metering_queries
from meterbook.metering.validation.inputs import CorrectionKind, FindingKind
from meterbook.web.meters import captions
from meterbook.web.templatetags import meterbook as tags


@dataclass(frozen=True)
class Mark:
    """Something that happened at an instant of the period."""

    at: datetime
    label: str
    short: str
    detail: str


_OF_A_TIME = (
    CorrectionKind.RESTORE,
    CorrectionKind.ESTIMATE,
    CorrectionKind.APPORTION,
    CorrectionKind.WITHDRAW,
    *metering_queries.COUNT_KINDS,
)


def marks_of(
    *,
    detail: metering_queries.MeterDetail,
    findings: Sequence[metering_queries.FindingRow],
    corrections: Sequence[metering_queries.CorrectionRow],
    usage: metering_queries.Usage,
) -> tuple[Mark, ...]:
    """This will collect what happened in the period: exchanges, multipliers, resets and corrections, in order."""
    found = [*_installation_marks(detail)]
    found += [
        Mark(each.at, str(captions.FINDINGS[each.kind]), str(captions.FINDINGS[each.kind]), "")
        for each in findings
        if each.kind in (FindingKind.ROLLOVER, FindingKind.RESET_CANDIDATE, FindingKind.RESET_CONFIRMED)
    ]
    found += [
        Mark(each.at, str(captions.CORRECTIONS[each.kind]), _("Correction"), each.reason)
        for each in corrections
        if each.kind not in _OF_A_TIME
    ]
    return tuple(sorted((each for each in found if each.at in usage.period), key=lambda each: each.at))


def _installation_marks(detail: metering_queries.MeterDetail) -> list[Mark]:
    found = []
    ends = {each.ends_at: each for each in detail.installations if each.ends_at}
    for each in detail.installations:
        before = ends.get(each.starts_at)
        if before:
            label = _("Exchange %(old)s → %(new)s") % {"old": before.serial_number, "new": each.serial_number}
            found.append(Mark(each.starts_at, label, _("Exchange"), _registers(detail, before, each)))
        else:
            found.append(
                Mark(each.starts_at, _("Installed %(serial)s") % {"serial": each.serial_number}, _("Installed"), "")
            )
        found += [
            Mark(
                segment.starts_at,
                _("Multiplier × %(factor)s") % {"factor": segment.factor},
                _("Multiplier"),
                segment.reason,
            )
            for segment in each.multipliers
            if segment.starts_at > each.starts_at
        ]
    starts = {each.starts_at for each in detail.installations}
    found += [
        Mark(end, _("Removed %(serial)s") % {"serial": each.serial_number}, _("Removed"), "")
        for end, each in ends.items()
        if end not in starts
    ]
    return found


def _registers(
    detail: metering_queries.MeterDetail,
    before: metering_queries.InstallationRow,
    after: metering_queries.InstallationRow,
) -> str:
    """What the main register showed as the old meter went and the new one came: the counter counts on over it."""
    series = detail.main_series
    out, into = (
        next((row for row in each.registers if series and row.series_id == series.id), None) for each in (before, after)
    )
    if out is None or into is None or out.closing is None or into.opening is None:
        return ""
    return f"{_shown(out.closing, out)} → {_shown(into.opening, into)}"


def _shown(value: int, row: metering_queries.RegisterRow) -> str:
    number = tags.number(Decimal(value).scaleb(-row.decimals), row.decimals)
    return f"{number}{tags.NO_BREAK}{Unit(row.unit).symbol}"
