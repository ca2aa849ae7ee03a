"""Words of runs and bills."""

from __future__ import annotations

import enum

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from meterbook.metering.values import Service

DUE_DAYS = 14
MOST_DUE_DAYS = 365  # between the date of a bill and the day on which it is due
ACCOUNTS_A_CHUNK = 400  # at least, so that what each chunk asks for once is shared by many
MOST_ACCOUNTS_A_CHUNK = 1_250  # bounded memory
CHUNKS_A_RUN = 16  # as far as both allow: workers that share them end at about the same time
WORKERS = 2  # jobs that draft and issue the chunks of a run side by side
TOLERANCE_PERCENT = 30  # by how much a bill may differ from the one before, and be approved by itself
MOST_GRACE_DAYS = 60

# What of a meter point is billed.
BILLED_SERIES = {
    Service.ELECTRICITY: "energy_import",
    Service.COLD_WATER: "volume",
    Service.HOT_WATER: "volume",
    Service.GAS: "volume",
    Service.HEATING: "heat",
    Service.COOLING: "heat",
}


SEWER = "SEWER"  # a service of bills that nothing measures: it goes by what another counts
BILLED_ALONE = {SEWER: pgettext_lazy("service", "Sewer")}


def accounts_a_chunk(accounts: int) -> int:
    """This will return how many accounts of a run are calculated, and issued, in one transaction."""
    return max(ACCOUNTS_A_CHUNK, min(MOST_ACCOUNTS_A_CHUNK, -(-accounts // CHUNKS_A_RUN)))


class RunState(enum.StrEnum):
    """Where a run stands. A step moves it on; people move it from REVIEW to APPROVED."""

    PLANNED = "PLANNED"
    COLLECTING = "COLLECTING"  # who pays for what
    VALIDATING = "VALIDATING"  # chunk by chunk: accounts are checked, and drafted where they are sound
    CALCULATED = "CALCULATED"
    REVIEW = "REVIEW"  # waits for a person
    APPROVED = "APPROVED"
    ISSUING = "ISSUING"  # portion by portion: bills of the numbers that were taken are posted
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


class Automatic(enum.StrEnum):
    """What goes on by itself."""

    CALENDAR = "CALENDAR"
    RUN = "RUN"


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


class OnMissing(enum.StrEnum):
    """What is done with accounts whose readings lack when the days of grace are over (M-089)."""

    PERSON = "PERSON"  # a person decides
    ESTIMATE = "ESTIMATE"  # by the methods of the site, marked on the bill, settled with the next readings


ON_MISSING_CAPTIONS = {
    OnMissing.PERSON: _("A person decides"),
    OnMissing.ESTIMATE: _("Estimate, and settle with the next readings"),
}


class TrueUpStrategy(enum.StrEnum):
    """How estimates that were billed are settled (B-22)."""

    RERUN = "RERUN"  # the estimated period is priced again with what was used
    NETTING = "NETTING"  # the new period has what the register says, less what was billed


SETTLEMENT_CAPTIONS = {
    TrueUpStrategy.RERUN: _("Price the estimated period again"),
    TrueUpStrategy.NETTING: _("Register less what was billed"),
}


class Bundling(enum.StrEnum):
    """Which services of an account share a bill (M-091)."""

    TOGETHER = "TOGETHER"
    BY_SERVICE = "BY_SERVICE"


BUNDLING_CAPTIONS = {
    Bundling.TOGETHER: _("All on one bill"),
    Bundling.BY_SERVICE: _("A bill for each service"),
}


class PeriodState(enum.StrEnum):
    """Where a period of a calendar stands."""

    WAITS = "WAITS"  # it could not start yet
    STARTED = "STARTED"
    EMPTY = "EMPTY"  # nobody was to be billed


class AsideReason(enum.StrEnum):
    """Why an account was put aside from a run."""

    READINGS = "READINGS"
    PERSON = "PERSON"


class HoldReason(enum.StrEnum):
    """Why an account cannot be billed as it is; LOOKS only ask to look at a draft, and hold nothing."""

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
    FAULT = "FAULT"
    NO_FACT = "NO_FACT"
    NO_CHANNEL = "NO_CHANNEL"
    NO_DEMAND = "NO_DEMAND"
    NO_MAXIMUM = "NO_MAXIMUM"
    NO_INVOICE = "NO_INVOICE"
    NO_PRICES = "NO_PRICES"
    NO_LINKED = "NO_LINKED"
    NO_GAS_AREA = "NO_GAS_AREA"
    NO_GAS_VALUE = "NO_GAS_VALUE"
    UNFIT = "UNFIT"
    POOL_AMOUNT = "POOL_AMOUNT"
    POOL_DAYS = "POOL_DAYS"
    POOL_KEY = "POOL_KEY"
    POOL_LATER = "POOL_LATER"
    POOL_MEMBER = "POOL_MEMBER"
    POOL_METER = "POOL_METER"
    POOL_NOTHING = "POOL_NOTHING"
    POOL_STAGE = "POOL_STAGE"
    TOO_MUCH = "TOO_MUCH"
    UNUSUAL = "UNUSUAL"
    NO_USE = "NO_USE"
    NEGATIVE = "NEGATIVE"


LOOKS = frozenset({HoldReason.TOO_MUCH, HoldReason.UNUSUAL, HoldReason.NO_USE, HoldReason.NEGATIVE})

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
    HoldReason.FAULT: _("The calculation failed"),
    HoldReason.NO_FACT: _("The tariff needs a figure of the account that is not noted"),
    HoldReason.NO_CHANNEL: _("The tariff needs something that is not measured here"),
    HoldReason.NO_DEMAND: _("No interval of the period tells the demand"),
    HoldReason.NO_MAXIMUM: _("No reading tells the maximum demand of the period"),
    HoldReason.NO_INVOICE: _("The tariff passes on an invoice that is not there"),
    HoldReason.NO_PRICES: _("Prices by the hour are missing"),
    HoldReason.NO_LINKED: _("A field of place or customer names a water meter that is not there"),
    HoldReason.NO_GAS_AREA: _("It is not known which gas the site gets"),
    HoldReason.NO_GAS_VALUE: _("The gas has no calorific value or conversion factor for all days"),
    HoldReason.UNFIT: _("The tariff does not fit what is measured"),
    HoldReason.POOL_AMOUNT: _("A shared cost has no amount for these days"),
    HoldReason.POOL_DAYS: _("An amount of a shared cost is for other days"),
    HoldReason.POOL_KEY: _("A member of a shared cost has no key value"),
    HoldReason.POOL_LATER: _("A shared cost is divided with a later bill"),
    HoldReason.POOL_MEMBER: _("A member of a shared cost is gone"),
    HoldReason.POOL_METER: _("A shared cost waits for readings"),
    HoldReason.POOL_NOTHING: _("A shared cost has nothing to be shared by"),
    HoldReason.POOL_STAGE: _("A shared cost waits for an earlier one"),
    HoldReason.TOO_MUCH: _("More than such a meter plausibly counts"),
    HoldReason.UNUSUAL: _("More than ten times the usual use"),
    HoldReason.NO_USE: _("Nothing was used, unlike in the months before"),
    HoldReason.NEGATIVE: _("Less than nothing was used"),
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
    HoldReason.NO_FACT: "%(name)s",
    HoldReason.NO_CHANNEL: "%(name)s",
    HoldReason.NO_DEMAND: "%(name)s",
    HoldReason.NO_MAXIMUM: "%(name)s",
    HoldReason.NO_INVOICE: "%(name)s",
    HoldReason.NO_PRICES: "%(name)s",
    HoldReason.NO_LINKED: "%(name)s: %(meter)s",
    HoldReason.NO_GAS_VALUE: _("%(area)s, %(first)s to %(last)s"),
    HoldReason.UNFIT: "%(words)s",
    HoldReason.POOL_AMOUNT: _("%(pool)s, %(first)s to %(last)s"),
    HoldReason.POOL_DAYS: _("%(pool)s, %(first)s to %(last)s"),
    HoldReason.POOL_KEY: "%(pool)s: %(member)s",
    HoldReason.POOL_LATER: _("%(pool)s: %(why)s Decided by %(by)s."),
    HoldReason.POOL_MEMBER: "%(pool)s",
    HoldReason.POOL_METER: "%(pool)s: %(meter)s",
    HoldReason.POOL_NOTHING: "%(pool)s",
    HoldReason.POOL_STAGE: _("%(pool)s waits for %(other)s"),
    HoldReason.TOO_MUCH: _("%(used)s %(unit)s a day; at most %(most)s are plausible."),
    HoldReason.UNUSUAL: _("%(used)s %(unit)s a day; %(usual)s were usual in the months before."),
    HoldReason.NO_USE: _("%(usual)s %(unit)s a day were usual in the months before."),
    HoldReason.NEGATIVE: _("%(used)s %(unit)s a day."),
}

_LOOK = _("Compare the readings with the meter before you approve; correct them, or leave the account out.")
HOLD_REMEDIES = {
    HoldReason.MISSING: _("Bring in the missing readings, then check again; or leave the account out."),
    HoldReason.QUESTIONABLE: _("Look at these readings at the meter; until they are put right, leave the account out."),
    HoldReason.INCOMPLETE: _("Wait for the next reading, then check again."),
    HoldReason.NOT_DERIVED: _("Wait a moment, then check again."),
    HoldReason.NO_SERIES: _("Install a meter with a counting register, then check again."),
    HoldReason.NO_TARIFF: _(
        "Set a default tariff of the service: Customers > Contracts > Default tariffs; then check again."
    ),
    HoldReason.NO_VERSION: _("Publish a version of the tariff that starts in time, then check again."),
    HoldReason.UNIT: _(
        "Give the contract a tariff for this unit. For a vacant unit set a default tariff of its service: Customers >"
        " Contracts > Default tariffs; then check again."
    ),
    HoldReason.CURRENCY: _("Give the contract a tariff in the currency of the site."),
    HoldReason.BELOW_A_DAY: _("Correct the dates of the contract, then check again."),
    HoldReason.NO_FACT: _(
        "Fill in area, headcount, or a field of your own with this name, at place or customer; then check again."
    ),
    HoldReason.NO_CHANNEL: _("Measure it at the same meter point, or give the contract another tariff."),
    HoldReason.NO_DEMAND: _("Bring in measured intervals, or have the tariff count estimated ones; then check again."),
    HoldReason.NO_MAXIMUM: _(
        "Enter what the register of maximum demand showed when the period was over, then check again. A meter without"
        " it gets the register on its page."
    ),
    HoldReason.NO_INVOICE: _("Enter the lines of the invoice, with quantities, at the shared cost of this name."),
    HoldReason.NO_PRICES: _("Bring in the prices of all hours of the period, then check again."),
    HoldReason.NO_LINKED: _("Write the code of a water meter of this site into that field, then check again."),
    HoldReason.NO_GAS_AREA: _("Put the site into a supply area at Tariffs > Gas, then check again."),
    HoldReason.NO_GAS_VALUE: _("Enter the value of these days at Tariffs > Gas, then check again."),
    HoldReason.UNFIT: _("Give the contract a tariff that fits what is measured, or correct the tariff."),
    HoldReason.FAULT: _("Leave the account out and report it: the log of the server has the cause."),
    HoldReason.POOL_AMOUNT: _("Enter the amount at the shared cost, then check again."),
    HoldReason.POOL_DAYS: _("Withdraw the amount and enter one for exactly the days of the run, then check again."),
    HoldReason.POOL_KEY: _("Fill in the area, headcount or capacity of the unit, or a value at the shared cost."),
    HoldReason.POOL_LATER: _("The next run of the site divides these days, too."),
    HoldReason.POOL_MEMBER: _("Take the member out of the shared cost, then check again."),
    HoldReason.POOL_METER: _("Bring in the missing readings of that meter, then check again."),
    HoldReason.POOL_NOTHING: _("Give the members key values, or another secondary key, then check again."),
    HoldReason.POOL_STAGE: _("Settle the earlier shared cost first, then check again."),
    HoldReason.TOO_MUCH: _LOOK,
    HoldReason.UNUSUAL: _LOOK,
    HoldReason.NO_USE: _LOOK,
    HoldReason.NEGATIVE: _LOOK,
}
