"""Words of recalculations, corrections and credit notes."""

from __future__ import annotations

import enum

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

MONTHS = 12  # that are offered first
MOST_MONTHS = 120
AT_ONCE = 60  # bills that are calculated again while somebody waits; more are made by a job
ACKNOWLEDGE_DAYS, DECIDE_DAYS, MOST_OPEN = 1, 10, 3
MOST_DAYS, MOST_LIMIT, MOST_AT_A_TIME = 90, 120, 50


class Mode(enum.StrEnum):
    """From what bills are calculated again (B-75)."""

    REPRODUCE = "REPRODUCE"  # from what they were made from
    CORRECT = "CORRECT"  # from what is known now
    WHAT_IF = "WHAT_IF"  # from what is known now, by a chosen tariff version


MODE_CAPTIONS = {
    Mode.REPRODUCE: _("Prove: from the same inputs as then"),
    Mode.CORRECT: _("Correct: from what is known now"),
    Mode.WHAT_IF: _("What if: by another tariff"),
}


class Outcome(enum.StrEnum):
    """What came out for a bill."""

    WAITING = "WAITING"
    SAME = "SAME"
    DIFFERENT = "DIFFERENT"
    HELD = "HELD"  # cannot be calculated now
    NOT_KEPT = "NOT_KEPT"  # what it was made from is not there any more


OUTCOME_CAPTIONS = {
    Outcome.WAITING: _("Not calculated yet"),
    Outcome.SAME: _("The same"),
    Outcome.DIFFERENT: pgettext_lazy("amount", "Different"),
    Outcome.HELD: _("Cannot be calculated now"),
    Outcome.NOT_KEPT: _("Its inputs are not kept"),
}


class LineCause(enum.StrEnum):
    """Why a line comes out differently."""

    READING = "READING"
    MULTIPLIER = "MULTIPLIER"
    TARIFF = "TARIFF"
    CALENDAR = "CALENDAR"
    ALLOCATION = "ALLOCATION"
    OCCUPANCY = "OCCUPANCY"
    ENGINE = "ENGINE"


CAUSE_CAPTIONS = {
    LineCause.READING: pgettext_lazy("cause", "Reading"),
    LineCause.MULTIPLIER: pgettext_lazy("cause", "Multiplier"),
    LineCause.TARIFF: pgettext_lazy("cause", "Tariff"),
    LineCause.CALENDAR: pgettext_lazy("cause", "Calendar of holidays"),
    LineCause.ALLOCATION: pgettext_lazy("cause", "Division of shared use"),
    LineCause.OCCUPANCY: pgettext_lazy("cause", "Days that the account pays for"),
    LineCause.ENGINE: pgettext_lazy("cause", "Way of calculating"),
}


class Dependence(enum.StrEnum):
    """By what a later bill rests on an earlier one."""

    LADDER = "LADDER"
    ALLOWANCE = "ALLOWANCE"
    DEMAND = "DEMAND"
    BANK = "BANK"
    SETTLEMENT = "SETTLEMENT"


DEPENDENCE_CAPTIONS = {
    Dependence.LADDER: pgettext_lazy("dependence", "steps counted over the year"),
    Dependence.ALLOWANCE: pgettext_lazy("dependence", "an allowance that was carried on"),
    Dependence.DEMAND: pgettext_lazy("dependence", "the demand of earlier months"),
    Dependence.BANK: pgettext_lazy("dependence", "what was kept of energy fed in"),
    Dependence.SETTLEMENT: pgettext_lazy("dependence", "it settled the estimates of the earlier one"),
}


class CorrectionState(enum.StrEnum):
    """Where the decision about a bill stands."""

    KEPT = "KEPT"
    PROPOSED = "PROPOSED"
    ISSUED = "ISSUED"
    REJECTED = "REJECTED"


CORRECTION_STATE_CAPTIONS = {
    CorrectionState.KEPT: pgettext_lazy("correction", "Kept as it is"),
    CorrectionState.PROPOSED: pgettext_lazy("correction", "Waits for approval"),
    CorrectionState.ISSUED: pgettext_lazy("correction", "Credited and billed anew"),
    CorrectionState.REJECTED: pgettext_lazy("correction", "Rejected"),
}
