"""Words of runs and bills."""

from __future__ import annotations

import enum

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from meterbook.metering.values import Service

DUE_DAYS = 14
MOST_DUE_DAYS = 365  # between the date of a bill and the day on which it is due
ACCOUNTS_A_CHUNK = 400  # bounded memory, and faster than large ones (performance-notes 11)
BILLS_A_BLOCK = 2_000  # issued in one transaction, which holds the lock of the number series
WORKERS = 2  # jobs that draft the chunks of a run side by side

# What of a meter point is billed.
BILLED_SERIES = {
    Service.ELECTRICITY: "energy_import",
    Service.COLD_WATER: "volume",
    Service.HOT_WATER: "volume",
    Service.GAS: "volume",
    Service.HEATING: "heat",
    Service.COOLING: "heat",
}


class RunState(enum.StrEnum):
    """Where a run stands. A step moves it on; people move it from REVIEW to APPROVED."""

    PLANNED = "PLANNED"
    COLLECTING = "COLLECTING"  # who pays for what
    VALIDATING = "VALIDATING"  # chunk by chunk: accounts are checked, and drafted where they are sound
    CALCULATED = "CALCULATED"
    REVIEW = "REVIEW"  # waits for a person
    APPROVED = "APPROVED"
    ISSUING = "ISSUING"  # block by block: numbers are given, bills posted
    DELIVERED = "DELIVERED"
    CLOSED = "CLOSED"
    CANCELED = "CANCELED"  # before anything was issued


RUN_STATE_CAPTIONS = {
    RunState.PLANNED: _("Planned"),
    RunState.COLLECTING: _("Collecting"),
    RunState.VALIDATING: _("Checking"),
    RunState.CALCULATED: _("Calculated"),
    RunState.REVIEW: _("For review"),
    RunState.APPROVED: _("Approved"),
    RunState.ISSUING: _("Issuing"),
    RunState.DELIVERED: _("Delivered"),
    RunState.CLOSED: pgettext_lazy("run", "Closed"),
    RunState.CANCELED: _("Canceled"),
}
FINAL_STATES = frozenset({RunState.CLOSED, RunState.CANCELED})
# Nothing happens by itself in these.
WAITING_STATES = frozenset({RunState.REVIEW, *FINAL_STATES})


class MemberState(enum.StrEnum):
    """Where an account stands in a run."""

    COLLECTED = "COLLECTED"
    HELD = "HELD"  # needs a decision
    EXCLUDED = "EXCLUDED"  # left to a later run
    DRAFTED = "DRAFTED"
    ISSUED = "ISSUED"


MEMBER_STATE_CAPTIONS = {
    MemberState.COLLECTED: _("Collected"),
    MemberState.HELD: _("Held"),
    MemberState.EXCLUDED: _("Excluded"),
    MemberState.DRAFTED: _("Drafted"),
    MemberState.ISSUED: _("Issued"),
}


class HoldReason(enum.StrEnum):
    """Why an account cannot be billed as it is; TOO_MUCH and UNUSUAL only ask to look at a draft, and hold nothing."""

    MISSING = "MISSING"
    QUESTIONABLE = "QUESTIONABLE"
    INCOMPLETE = "INCOMPLETE"
    NOT_DERIVED = "NOT_DERIVED"
    NO_SERIES = "NO_SERIES"
    NO_TARIFF = "NO_TARIFF"
    NO_VERSION = "NO_VERSION"
    UNIT = "UNIT"
    CURRENCY = "CURRENCY"
    BELOW_A_DAY = "BELOW_A_DAY"
    TOO_MUCH = "TOO_MUCH"
    UNUSUAL = "UNUSUAL"


HOLD_REASON_CAPTIONS = {
    HoldReason.MISSING: _("Intervals are missing"),
    HoldReason.QUESTIONABLE: _("Intervals are questionable"),
    HoldReason.INCOMPLETE: _("The final readings are not there yet"),
    HoldReason.NOT_DERIVED: _("Readings are being worked on"),
    HoldReason.NO_SERIES: _("The meter point has no register that can be billed"),
    HoldReason.NO_TARIFF: _("There is no tariff for vacant units"),
    HoldReason.NO_VERSION: _("No version of the tariff is in force"),
    HoldReason.UNIT: _("The tariff is for another unit"),
    HoldReason.CURRENCY: _("The tariff has another currency"),
    HoldReason.BELOW_A_DAY: _("The contract begins and ends within one day"),
    HoldReason.TOO_MUCH: _("More than such a meter plausibly counts"),
    HoldReason.UNUSUAL: _("More than ten times the usual use"),
}

_INTERVALS = _("%(count)d intervals between %(start)s and %(end)s.")
# Told with the data that are stored with a reason; the other reasons have none.
HOLD_DETAILS = {
    HoldReason.MISSING: _INTERVALS,
    HoldReason.QUESTIONABLE: _INTERVALS,
    HoldReason.INCOMPLETE: _INTERVALS,
    HoldReason.NO_VERSION: _("Tariff %(tariff)s from %(day)s on."),
    HoldReason.UNIT: "%(measured)s / %(priced)s",
    HoldReason.CURRENCY: "%(currency)s",
    HoldReason.TOO_MUCH: _("%(used)s %(unit)s a day; at most %(most)s are plausible."),
    HoldReason.UNUSUAL: _("%(used)s %(unit)s a day; %(usual)s were usual in the months before."),
}

_LOOK = _("Compare the readings with the meter before you approve; correct them, or leave the account out.")
HOLD_REMEDIES = {
    HoldReason.MISSING: _("Bring in the missing readings, then check again; or leave the account out."),
    HoldReason.QUESTIONABLE: _("Look at these readings at the meter; until they are put right, leave the account out."),
    HoldReason.INCOMPLETE: _("Wait for the next reading, then check again."),
    HoldReason.NOT_DERIVED: _("Wait a moment, then check again."),
    HoldReason.NO_SERIES: _("Install a meter with a counting register, then check again."),
    HoldReason.NO_TARIFF: _("Set a tariff for vacant units at the landlord's account, then plan the run again."),
    HoldReason.NO_VERSION: _("Publish a version of the tariff that starts in time, then check again."),
    HoldReason.UNIT: _("Give the contract a tariff for this unit."),
    HoldReason.CURRENCY: _("Give the contract a tariff in the currency of the site."),
    HoldReason.BELOW_A_DAY: _("Correct the dates of the contract, then plan the run again."),
    HoldReason.TOO_MUCH: _LOOK,
    HoldReason.UNUSUAL: _LOOK,
}
