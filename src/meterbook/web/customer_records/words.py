"""What the trail of a customer is called in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

ACTIONS = {
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
