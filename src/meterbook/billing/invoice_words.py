"""Words of suppliers' invoices: what a line is for, and what is wrong with a document."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from meterbook.billing.pools.definition import LineKind
from meterbook.billing.pools.invoices import InvoiceFault, InvoiceProblem
from meterbook.kernel.quantity import Unit

LINE_KINDS = {
    LineKind.ENERGY: gettext_lazy("Energy or volume"),
    LineKind.DEMAND: pgettext_lazy("invoice", "Demand"),
    LineKind.FIXED: pgettext_lazy("invoice", "Fixed"),
    LineKind.TAX: pgettext_lazy("invoice", "Taxes"),
    LineKind.OTHER: pgettext_lazy("invoice", "Other"),
}
FAULTS = {
    InvoiceFault.FORMAT: gettext_lazy("This is not a document of the format meterbook-supplier-invoice/1."),
    InvoiceFault.REQUIRED: gettext_lazy("Fill this in."),
    InvoiceFault.UNKNOWN: gettext_lazy("This is not known; take one of those that the reference lists."),
    InvoiceFault.NUMBER: gettext_lazy("Write a number, such as 12.5."),
    InvoiceFault.PLACES: gettext_lazy("Write at most %(places)s decimals."),
    InvoiceFault.NEGATIVE: gettext_lazy("Write a number that is not below zero."),
    InvoiceFault.TEXT: gettext_lazy("Write at most %(most)s characters in one line, without invisible signs."),
    InvoiceFault.CODE: gettext_lazy("Write small letters, digits and hyphens only, such as utility."),
    InvoiceFault.DAYS: gettext_lazy("Write days as a calendar has them, the end at most 400 days after the beginning."),
    InvoiceFault.TOO_MANY: gettext_lazy("These are too many; %(most)s are possible."),
    InvoiceFault.TOTAL: gettext_lazy(
        "The lines are %(sum)s together, the total says %(total)s: look for the line that lacks."
    ),
    InvoiceFault.PRICE: gettext_lazy("Quantity times price is %(amount)s: one of the three is not as on the invoice."),
}


def fault(problem: InvoiceProblem) -> str:
    """This will say what is wrong, in the reader's language."""
    return str(FAULTS[problem.fault]) % dict(problem.data)


def told(problems: Sequence[InvoiceProblem]) -> str:
    """This will say all that is wrong with a document, each with its place."""
    return " ".join(_("%(place)s: %(fault)s") % {"place": each.path, "fault": fault(each)} for each in problems)


def unit(code: str) -> str:
    """This will write a unit as people do."""
    return Unit(code).symbol if code in set(Unit) else code
