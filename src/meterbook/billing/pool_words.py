"""Words of pools: what is shared, by which key, and what is wrong with a definition."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from meterbook.billing.pools.definition import (
    Division,
    Fault,
    Key,
    Kind,
    Leaving,
    LossPolicy,
    Problem,
    Rounding,
    Rule,
    Source,
    Vacancy,
)

KINDS = {
    Kind.COMMON_AREA: gettext_lazy("Common area"),
    Kind.LOSSES: gettext_lazy("Losses"),
    Kind.PUMPS: gettext_lazy("Pumps"),
    Kind.ELEVATOR: gettext_lazy("Elevator"),
    Kind.FIXED_CHARGE: gettext_lazy("Fixed charge of the utility"),
    Kind.SEWER: gettext_lazy("Sewer"),
    Kind.PLANT: gettext_lazy("Heating or cooling plant"),
    Kind.HEATING: gettext_lazy("Heating costs"),
    Kind.OTHER: gettext_lazy("Something else"),
}
SOURCES = {
    Source.AMOUNT: gettext_lazy("An amount entered for the period"),
    Source.INVOICE: gettext_lazy("A line of a supplier's invoice"),
    Source.METER: gettext_lazy("What a meter counted, at a price"),
    Source.LOSS: gettext_lazy("What a main meter counted beyond those behind it"),
}
KEYS = {
    Key.AREA: gettext_lazy("Area"),
    Key.HEADCOUNT: gettext_lazy("People"),
    Key.EQUAL: gettext_lazy("In equal parts"),
    Key.USAGE: gettext_lazy("Use"),
    Key.PERCENT: gettext_lazy("Fixed percent"),
    Key.WEIGHTS: gettext_lazy("Weights"),
    Key.CAPACITY: gettext_lazy("Rated capacity"),
    Key.HOURS: gettext_lazy("Hours run"),
}
POLICIES = {
    LossPolicy.SHARED: gettext_lazy("All members share it"),
    LossPolicy.LANDLORD: gettext_lazy("The landlord bears it"),
    LossPolicy.CAPPED: gettext_lazy("Members share it up to a percentage, the landlord bears the rest"),
}
VACANCIES = {
    Vacancy.LANDLORD: gettext_lazy("The landlord bears the share of empty units"),
    Vacancy.REDISTRIBUTED: gettext_lazy("The other members bear the share of empty units"),
}
LEAVINGS = {
    Leaving.FORMER_MEMBER: gettext_lazy("Who left gets a correction note when all are billed again"),
    Leaving.LANDLORD: gettext_lazy("The landlord bears it; the bill of who left stays"),
}
# The same on a bill.
LEFT = {
    Leaving.FORMER_MEMBER: gettext_lazy("you moved out: a later difference may come with a correction note"),
    Leaving.LANDLORD: gettext_lazy("you moved out: a later difference is the landlord's"),
}
ROUNDINGS = {
    Rounding.LARGEST_REMAINDER: gettext_lazy("To the largest remainders, a smallest unit each"),
    Rounding.LANDLORD: gettext_lazy("To the landlord"),
}
DIVISIONS = {
    Division.TOGETHER: gettext_lazy("All lines together, as one sum"),
    Division.EACH: gettext_lazy("Each line by itself: the shares of a line are exactly the line"),
}
RULES = {
    Rule.NONE: gettext_lazy("No rule of law"),
    Rule.HEATING_COSTS: gettext_lazy("Heating costs: 30 to 50 % by area, the rest by use"),
}
# Why the landlord bears something beside empty units, and what else stands beside shares.
WHYS = {
    "LATER": gettext_lazy("comes with a later bill"),
    "LOSS_POLICY": gettext_lazy("losses are the landlord's"),
    "LOSS_CAP": gettext_lazy("losses above the agreed percentage"),
    "LEFT": gettext_lazy("later difference of who left"),
    "CAP": gettext_lazy("above the most that a member bears"),
    "RESIDUAL": gettext_lazy("left over by rounding"),
}
FLAGS = {
    "ESTIMATED": gettext_lazy(
        "Some of what was measured is estimated. When readings come, the difference can be carried or all billed again."
    ),
    "NEGATIVE_LOSS": gettext_lazy(
        "The meters behind the main meter counted more than it did: nothing is shared and nothing is credited. "
        "Look at the meters."
    ),
    "SECONDARY_KEY": gettext_lazy("Nobody used anything, so the secondary key divided the cost."),
}
LINE_KINDS = {
    "AMOUNT": pgettext_lazy("cost", "Amount"),
    "INVOICE": gettext_lazy("Invoice"),
    "ADJUSTMENT": gettext_lazy("Difference of an earlier period"),
    "METER": gettext_lazy("Meter"),
    "LOSS": gettext_lazy("Losses"),
    "TARIFF": gettext_lazy("By tariff"),
    "POOL": gettext_lazy("From an earlier shared cost"),
    "CEILING": gettext_lazy("Never above the supplier's invoice"),
}
FAULTS = {
    Fault.FORMAT: gettext_lazy("This is not a document of the format meterbook-pool/1."),
    Fault.REQUIRED: gettext_lazy("Fill this in."),
    Fault.UNKNOWN: gettext_lazy("Choose one of the list."),
    Fault.NUMBER: gettext_lazy("Write a number, such as 12.5."),
    Fault.NEGATIVE: gettext_lazy("Write a number that is not below zero."),
    Fault.PERCENT_SUM: gettext_lazy("The percents of the members must be 100 on every day; they are %(sum)s."),
    Fault.PART_SUM: gettext_lazy("The percents of the parts must be 100; they are %(sum)s."),
    Fault.SECONDARY: gettext_lazy("Choose by what is shared when nobody uses anything."),
    Fault.MEMBERS: gettext_lazy("This key needs members with a value each."),
    Fault.VALUE: gettext_lazy("Write the percent or weight of this member."),
    Fault.OVERLAP: gettext_lazy("This member takes part already on some of these days."),
    Fault.DAYS: gettext_lazy("Write days as a calendar has them, the end after the beginning."),
    Fault.LANDLORD_PRICE: gettext_lazy("Write a price a unit, or choose a tariff; not both."),
    Fault.TOO_MANY: gettext_lazy("These are too many; %(most)s are possible."),
    Fault.TEXT: gettext_lazy("Write at most 200 characters in one line, without invisible signs."),
    Fault.TAX: gettext_lazy("A tax needs a code in small letters, a name and a rate."),
    Fault.LINES: gettext_lazy("Each kind of line has one part, and exactly one part is for all the others."),
    Fault.EACH: gettext_lazy("Only amounts and lines of invoices can be divided line by line."),
    Fault.HEATING_COSTS: gettext_lazy(
        "Heating costs are divided by two keys together: area with 30 to 50 percent, and use with the rest."
    ),
    Fault.ABOVE: gettext_lazy("Only what a meter counted, at a price, can be kept below the supplier's invoice."),
}


def fault(problem: Problem) -> str:
    """This will say what is wrong, in the reader's language."""
    return str(FAULTS[problem.fault]) % dict(problem.data)


def told(problems: Sequence[Problem]) -> str:
    """This will say all that is wrong with a definition, each with its place."""
    said = [_("%(place)s: %(fault)s") % {"place": each.path, "fault": fault(each)} for each in problems]
    return " ".join(said)
