"""What the checks of days are called, what they found in words, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.kernel import rounding
from meterbook.kernel.quantity import Unit
from meterbook.metering.checking.days import CheckKind
from meterbook.web import estimate_words

TITLES = {
    CheckKind.STUCK: gettext_lazy("The counter stands still"),
    CheckKind.SPIKE: gettext_lazy("Much more than usual"),
    CheckKind.ZERO_OCCUPIED: gettext_lazy("Nothing used where somebody lives"),
    CheckKind.USE_VACANT: gettext_lazy("Use in a vacant unit"),
    CheckKind.REGISTER_SUM: gettext_lazy("Intervals and registers differ"),
    CheckKind.PARENT_SUM: gettext_lazy("More than the main meter counted"),
    CheckKind.PHASE_MISSING: gettext_lazy("A phase is dead"),
    CheckKind.CT_REVERSED: gettext_lazy("A transformer may hang the wrong way round"),
    CheckKind.DUPLICATE: gettext_lazy("Two numbers for one instant"),
    CheckKind.OFF_TIME: gettext_lazy("Read beside the ends of intervals"),
    CheckKind.TARIFF_SUM: gettext_lazy("Tariff registers and the total register differ"),
}
_FOUND = {
    CheckKind.STUCK: gettext_lazy("It counted nothing all day, while the meter showed power."),
    CheckKind.SPIKE: gettext_lazy("One interval had %(value)s; in that hour %(usual)s are seldom exceeded."),
    CheckKind.ZERO_OCCUPIED: gettext_lazy("Nothing was counted; a usual day has %(mean)s."),
    CheckKind.USE_VACANT: gettext_lazy("%(used)s were used without a contract."),
    CheckKind.REGISTER_SUM: gettext_lazy("The intervals sum to %(intervals)s, the registers to %(registers)s."),
    CheckKind.PARENT_SUM: gettext_lazy("It counted %(above)s, the meters behind it %(below)s together."),
    CheckKind.PHASE_MISSING: gettext_lazy(
        "Phase L%(phase)s had no voltage for an hour or more: about a third of the use is not counted then."
    ),
    CheckKind.CT_REVERSED: gettext_lazy("Nothing came in and %(exported)s went out, as never before."),
    CheckKind.DUPLICATE: gettext_lazy(
        "Second numbers came for instants that had one: %(count)s; the first ones count."
    ),
    CheckKind.OFF_TIME: gettext_lazy(
        "%(count)s of %(of)s intervals have no reading at their ends, although as many readings came."
    ),
    CheckKind.TARIFF_SUM: gettext_lazy(
        "From %(since)s to %(until)s its %(count)s tariff registers counted %(tariffs)s together, the total register"
        " %(registers)s."
    ),
}
ADVICE = {
    CheckKind.STUCK: gettext_lazy("Have the meter looked at; exchange it if it is broken, and estimate the time."),
    CheckKind.SPIKE: gettext_lazy("Look at the day; if the reading is wrong, leave it out."),
    CheckKind.ZERO_OCCUPIED: gettext_lazy("Ask whether somebody is there; look for a closed valve or a broken meter."),
    CheckKind.USE_VACANT: gettext_lazy("Look who uses it, or for a leak; a contract may be missing."),
    CheckKind.REGISTER_SUM: gettext_lazy("Tell the support: the day should be derived anew."),
    CheckKind.PARENT_SUM: gettext_lazy("Look at multipliers and at the roles of the meters of the site."),
    CheckKind.PHASE_MISSING: gettext_lazy("Have fuses and voltage leads looked at."),
    CheckKind.CT_REVERSED: gettext_lazy("Have the direction of the current transformers looked at."),
    CheckKind.DUPLICATE: gettext_lazy("Look at the conflicts on the page of edits; two sources may read one meter."),
    CheckKind.OFF_TIME: gettext_lazy("Set the clock of the meter or logger, or let it be read at full intervals."),
    CheckKind.TARIFF_SUM: gettext_lazy(
        "Look at the readings of both days for a digit read wrongly or two registers read as one another, and correct"
        " them; or add a tariff register that the meter has besides."
    ),
}


def found(kind: CheckKind, facts: Mapping[str, Any]) -> str:
    """This will say what was found, with its numbers; quantities in the meter's unit."""
    decimals = int(facts.get("decimals", 0))
    unit = Unit(facts["unit"]).symbol if "unit" in facts else ""
    told = {
        name: estimate_words.shown(Decimal(value).scaleb(-decimals, context=rounding.EXACT), decimals, unit)
        if name in _QUANTITIES and isinstance(value, int)
        else value
        for name, value in facts.items()
    }
    for name in ("since", "until"):
        if name in facts:
            told[name] = formats.date_format(date.fromisoformat(facts[name]), "SHORT_DATE_FORMAT")
    if kind is CheckKind.STUCK and "days" in facts:
        return _("It has not moved for %(days)s days or more, which it never did before.") % told
    try:
        return str(_FOUND[kind]) % told
    except KeyError:  # kept by an earlier version
        return _("The day can hardly be right.")


_QUANTITIES = frozenset(
    {"value", "usual", "mean", "used", "least", "intervals", "registers", "above", "below", "exported", "tariffs"}
)
