"""Ledger accounts in words: what billing opens them for, in the language of the reader. Codes stay for files."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from meterbook.billing import content
from meterbook.billing.content import shared_costs
from meterbook.metering.values import SERVICE_CAPTIONS, Service
from meterbook.tariffs.queries import PartNames
from meterbook.web.billing import words


def account(code: str, name: str, names: PartNames) -> tuple[str, str]:
    """This will return what an account is called and what kind it is: ("Electricity, Energy", "Income").

    :param name: what the ledger calls it; kept for accounts that people or other domains opened
    """
    match content.parts_of_code(code):
        case (content.INCOME, _currency, service, component):
            return f"{service_of(service)}, {words.said(names.components.get(component, {'en': component}))}", _(
                "Income"
            )
        case (content.TAX, _currency, tax):
            return words.said(names.taxes.get(tax, {"en": tax})), _("Tax to hand over")
        case (content.RECOVERY, _currency, service):
            return service_of(service), _("Recovery of costs")
    if code.startswith("CC-"):
        return name, _("Cost center")
    return name, pgettext("ledger", "Receivable") if code.startswith("AR-") else ""


def service_of(code: str) -> str:
    """This will return what a service in a code of the ledger is called; the code itself where it is another."""
    if code == shared_costs.SERVICE:
        return _("Shared costs")
    return str(SERVICE_CAPTIONS[Service(code)]) if code in set(Service) else code
