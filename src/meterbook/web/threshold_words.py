"""What the thresholds of checks are called, what they are about, and where the other checks are told."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

BY_SERVICE = _("1 kWh, or 0.1 m³")
LABELS = {
    "spike_times": _("Times the usual"),
    "active_percent": _("Days with use before (%)"),
    "zero_days": _("Days without use"),
    "stuck_days": _("Days that a counter stands still"),
    "vacant_least": _("Use in a vacant unit (kWh or m³ a day)"),
    "register_percent": _("Intervals from registers (%)"),
    "register_counts": _("Intervals from registers (counts)"),
    "sum_percent": _("Parts above their main meter (%)"),
    "phase_percent": _("Voltage of a dead phase (%)"),
    "phase_minutes": _("Minutes that a phase is dead"),
    "duplicates": _("Second numbers on a day"),
    "off_time_percent": _("Intervals without a reading at their ends (%)"),
}
HELP = {
    "spike_times": _("An interval above so many times what its hour seldom exceeds on such days is told."),
    "active_percent": _("So many of the days before must have had use, before a day without any is told."),
    "zero_days": _("So many days in a row without use, where somebody has a contract."),
    "stuck_days": _("Where no contract is, such as of a common area."),
    "vacant_least": _("More than that on a day is told."),
    "register_percent": _("The larger of both is allowed."),
    "register_counts": _("Of the last digit of the register."),
    "sum_percent": _("More than that above what the main meter counted is told."),
    "phase_percent": _("Below that share of the highest phase it is dead."),
    "phase_minutes": _("On one day together."),
    "duplicates": _("From so many on they are told."),
    "off_time_percent": _("Told where as many readings came as the day has intervals."),
}
GROUPS = (
    (_("Much more than usual"), ("spike_times",)),
    (_("Nothing, or a counter that stands still"), ("zero_days", "active_percent", "stuck_days")),
    (_("Use in a vacant unit"), ("vacant_least",)),
    (_("Registers, intervals and main meters"), ("register_percent", "register_counts", "sum_percent")),
    (_("Phases"), ("phase_percent", "phase_minutes")),
    (_("Readings themselves"), ("duplicates", "off_time_percent")),
)
ELSEWHERE = (
    (_("Gaps"), _("Data quality counts them by day; an alarm tells of a meter without data for a day.")),
    (
        _("Lower readings, roll-overs, resets"),
        _("The register is followed reading by reading; what a person must settle stands on the meter's page."),
    ),
    (_("More than the connection can give"), _("Held back by the rating of each meter, times 1.2, until released.")),
    (_("A transformer the wrong way round"), _("Told when nothing comes in and use goes out, as never before.")),
)
