"""What the trail of a customer is called in words."""

from __future__ import annotations

from collections.abc import Iterable

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from meterbook.tariffs import queries as tariff_queries
from meterbook.web.billing import words as bill_words

ACTIONS: dict[str, str | Promise] = {
    "customers:create_customer": _("Record made"),
    "customers:change_customer": _("Record changed"),
    "customers:add_contact": _("Contact added"),
    "customers:remove_contact": _("Contact removed"),
    "customers:note_vulnerability": _("Protection noted"),
    "customers:clear_vulnerability": _("Protection ended"),
    "customers:give_consent": _("Consent given"),
    "customers:withdraw_consent": _("Consent withdrawn"),
    "customers:add_file": _("Document added"),
    "customers:remove_file": _("Document removed"),
    "customers:merge_customers": _("Records merged"),
    "customers:export_customer": _("Everything given out"),
    "customers:erase_customer": _("Erased"),
}


def action(code: str) -> str:
    """This will return an action of the trail in words; an unknown one is its own."""
    return str(ACTIONS.get(code, code))


def language(code: str) -> str:
    """This will name a language of bills in itself: "es" is "Español"."""
    return dict(settings.LANGUAGES).get(code, code)


def tariff_names(codes: Iterable[str]) -> dict[str, str]:
    """This will name tariffs, by their codes, in the reader's language."""
    return {code: bill_words.said(each.names) for code, each in tariff_queries.names_of(codes=set(codes)).items()}
