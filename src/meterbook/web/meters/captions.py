"""What codes of metering are called on the meter pages, and the tone in which a chip shows them."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from meterbook.kernel.quality import Quality
from meterbook.kernel.quantity import Unit
from meterbook.metering import queries as metering_queries
from meterbook.metering.validation.inputs import CorrectionKind, FindingKind

SlotState = metering_queries.SlotState
MeterState = metering_queries.MeterState
View = metering_queries.View
Grain = metering_queries.Grain


@dataclass(frozen=True)
class Chip:
    """A word with a tone and an icon; never a color alone."""

    caption: str | Promise
    tone: str
    icon: str


METER_STATES = {
    MeterState.OK: Chip(_("Online"), "ok", "circle-check"),
    MeterState.LATE: Chip(pgettext_lazy("meter", "Late"), "warn", "clock"),
    MeterState.SILENT: Chip(pgettext_lazy("meter", "Silent"), "alarm", "no-contact"),
    MeterState.NEVER: Chip(_("Never read"), "", "clock"),
    MeterState.NOT_LIVE: Chip(_("Not live"), "", "unplug"),
}
FILTERS = {
    MeterState.OK: _("Online"),
    MeterState.LATE: pgettext_lazy("meters", "Late"),
    MeterState.SILENT: pgettext_lazy("meters", "Silent"),
    MeterState.NEVER: _("Never read"),
    MeterState.NOT_LIVE: _("Not live"),
}
_ESTIMATED = Chip(_("Estimated"), "estimated", "estimated")
QUALITIES = {
    Quality.VALID: Chip(_("Measured"), "ok", "check"),
    Quality.EDITED: Chip(_("Entered"), "", "edit"),
    Quality.ESTIMATED: _ESTIMATED,
    Quality.INTERPOLATED: Chip(_("Apportioned by time"), "", "clock"),
    Quality.QUESTIONABLE: Chip(_("Held"), "warn", "alert"),
    Quality.DERIVED: Chip(_("Computed"), "ok", "check"),
    Quality.PROJECTED: _ESTIMATED,
    Quality.MIXED: Chip(_("So far"), "", "clock"),
    Quality.RAW: Chip(_("Measured"), "ok", "check"),
    Quality.VALIDATED: Chip(_("Released"), "ok", "check"),
    Quality.VERIFIED: Chip(_("Verified"), "ok", "circle-check"),
    Quality.REVENUE: Chip(_("Verified"), "ok", "circle-check"),
    Quality.MISSING: Chip(_("Missing"), "", "missing"),
}
SLOT_STATES = {
    SlotState.MEASURED: _("measured"),
    SlotState.EDITED: _("entered by a person"),
    SlotState.ESTIMATED: _("estimated"),
    SlotState.APPORTIONED: _("apportioned by time"),
    SlotState.HELD: _("held, waits for release"),
    SlotState.PARTLY: _("partly missing"),
    SlotState.MISSING: _("no data"),
    SlotState.SO_FAR: _("so far"),
    SlotState.LATER: _("not yet"),
    SlotState.NO_METER: _("no meter installed"),
}
VIEWS = {View.DAY: _("Day"), View.WEEK: _("Week"), View.MONTH: _("Month"), View.YEAR: _("Year")}
BARS = {
    Grain.STEP: _("by interval"),
    Grain.HOUR: _("by hour"),
    Grain.DAY: _("by day"),
    Grain.MONTH: _("by month"),
}
RATES = {Unit.KWH: "kW", Unit.WH: "W", Unit.MWH: "MW", Unit.KVARH: "kvar", Unit.VARH: "var", Unit.M3: "m³/h"}
FINDINGS = {
    FindingKind.GLITCH: _("Glitch ignored"),
    FindingKind.SPIKE: _("Spike ignored"),
    FindingKind.ROLLOVER: _("Register rolled over"),
    FindingKind.RESET_CANDIDATE: _("Register went back"),
    FindingKind.RESET_CONFIRMED: _("Register reset"),
    FindingKind.OVER_LIMIT: _("Above the supply's limit"),
    FindingKind.TRUE_UP: _("Difference made up"),
    FindingKind.HELD_READING: _("Reading held"),
}
CORRECTIONS = {
    CorrectionKind.SET: _("Reading corrected"),
    CorrectionKind.EXCLUDE: _("Reading excluded"),
    CorrectionKind.RESTORE: _("Correction withdrawn"),
    CorrectionKind.RELEASE: _("Held values released"),
    CorrectionKind.CONFIRM_RESET: _("Reset confirmed"),
    CorrectionKind.ESTIMATE: _("Gap estimated"),
    CorrectionKind.APPORTION: _("Spread by the usual shape"),
    CorrectionKind.WITHDRAW: _("Estimate withdrawn"),
    CorrectionKind.RATIO: _("Count corrected by a test"),
    CorrectionKind.WITHDRAW_RATIO: _("Correction by a test withdrawn"),
    CorrectionKind.MULTIPLIER: _("Multiplier changed"),
    CorrectionKind.INTERVALS: _("Corrected by a file"),
}


def unmeasured(*, estimated: int, apportioned: int) -> str:
    """This will say what the hatched part of a chart is, by how many of its intervals are which."""
    if not apportioned:
        return gettext("Estimated")
    return gettext("Estimated or apportioned by time") if estimated else gettext("Measured, apportioned by time")
