"""Ledger accounts in words: what billing opens them for, in the language of the reader. Codes stay for files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from meterbook.billing import content
from meterbook.billing.content import shared_costs
from meterbook.metering.values import SERVICE_CAPTIONS, Service
from meterbook.tariffs.queries import PartNames
from meterbook.web.billing import words

MOST_NAMES = 3


def account(code: str, name: str, names: PartNames) -> tuple[str, str]:
    """This will return what an account is called and what kind it is: ("Electricity, Energy", "Income").

    :param name: what the ledger calls it; kept for accounts that people or other domains opened
    """
    match content.parts_of_code(code):
        case (content.INCOME, _currency, service, component):
            # The code of a shared cost is none of a component, though it may be spelled like one.
            own = () if service == shared_costs.SERVICE else names.components.get(component, ())
            return f"{service_of(service)}, {_named(component, own)}", _("Income")
        case (content.TAX, _currency, tax):
            return _named(tax, names.taxes.get(tax, ())), _("Tax to hand over")
        case (content.RECOVERY, _currency, service):
            return service_of(service), _("Recovery of costs")
    if code.startswith("CC-"):
        return name, _("Cost center")
    return name, pgettext("ledger", "Receivable") if code.startswith("AR-") else ""


def _named(code: str, names: Sequence[Mapping[str, str]]) -> str:
    """One account stands for all tariffs that use the code: where they call it differently, no name hides another."""
    said = list(dict.fromkeys(words.said(each) for each in names))
    if len(said) < 2:
        return said[0] if said else code
    more = [] if len(said) <= MOST_NAMES else ["…"]
    return f"{' / '.join([*said[:MOST_NAMES], *more])} ({code})"


def service_of(code: str) -> str:
    """This will return what a service in a code of the ledger is called; the code itself where it is another."""
    if code == shared_costs.SERVICE:
        return _("Shared costs")
    return str(SERVICE_CAPTIONS[Service(code)]) if code in set(Service) else code
