"""What the parts of a balance sheet are called, and what each says."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from meterbook.reporting.balancing import Bearer, Part
from meterbook.reporting.queries.balance_checks import ComparedSums

PARTS = {
    Part.TENANTS: _("Tenants"),
    Part.COMMON: _("Common areas"),
    Part.LOSSES: _("Losses, metered"),
    Part.VACANCY: _("Vacant units"),
    Part.LANDLORD: _("The landlord's own use"),
    Part.ELSEWHERE: _("On bills that reach beyond these days"),
    Part.UNBILLED: _("Measured and not billed"),
    Part.CHANGED: _("Changed since it was billed"),
    Part.UNMETERED: _("Losses: behind the main meter and on no meter"),
}
PART_WORDS = {
    Part.TENANTS: _("as it stands on their bills"),
    Part.COMMON: _("on the bill of who looks after them, or shared by a pool"),
    Part.LOSSES: _("counted by a meter whose cost is shared as losses"),
    Part.VACANCY: _("on the landlord's bill"),
    Part.LANDLORD: _("on the landlord's bill"),
    Part.ELSEWHERE: _("take other days to see them"),
    Part.UNBILLED: _("no bill of these days has it yet"),
    Part.CHANGED: _("readings came or were corrected after the bills; correct them, or settle the difference"),
    Part.UNMETERED: _("below zero, the meters behind count more than the main meter"),
}
BEARERS = {
    Bearer.TARIFF: _("Tenants, by tariffs"),
    Bearer.SHARED: _("Tenants, by shared costs"),
    Bearer.SETTLED: _("Tenants, differences of earlier estimated bills"),
    Bearer.COMMON: _("Common areas, on the bill of who looks after them"),
    Bearer.VACANCY: _("The landlord, for vacant units"),
    Bearer.LANDLORD: _("The landlord, by an own bill"),
    Bearer.REMAINDER: _("The landlord, what no bill says"),
}
CHECKS = {
    ComparedSums.REGISTER: _("Register of the main meter = sum of its intervals"),
    ComparedSums.LINES: _("Lines and taxes of all bills = their totals"),
    ComparedSums.BOOKS: _("Totals of all bills = what was posted to the accounts"),
    ComparedSums.SHEET: _("Shares of the allocation sheet = the cost"),
}
