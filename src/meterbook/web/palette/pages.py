"""The pages that the palette offers by name: those of the side navigation, and those that stand behind a button."""

from __future__ import annotations

from django.urls import resolve, reverse
from django.utils.translation import gettext_lazy as _

from meterbook.web import access, navigation

CAPTION = _("Pages")
MORE = (
    ("meter_new", _("Add a meter"), "meter"),
    ("job_new", _("Make a job"), "plus"),
    ("swap_tests", _("Swap tests"), "lightning"),
    ("swap_test_new", _("Begin a swap test"), "lightning"),
    ("account_new", _("Open an account"), "account"),
    ("contracts", _("Contracts"), "account"),
    ("tariff_defaults", _("Default tariffs"), "book"),
    ("run_new", _("Start a bill run"), "run"),
    ("run_manual", _("Bill by hand"), "edit"),
    ("billing_calendars", _("Calendar of runs"), "calendar"),
    ("letterhead", _("Bill head"), "bill"),
    ("bill_numbers", _("Bill numbers"), "table"),
    ("bill_templates", _("Templates of bills"), "edit"),
    ("signing_certificate", _("Signature"), "shield-lock"),
    ("issued_documents", _("Issued documents"), "table"),
    ("settings", _("Mail and Telegram"), "mail"),
    ("public_address", _("Public address"), "cable"),
    ("https", _("Encryption (HTTPS)"), "shield"),
    ("backups", _("Backups"), "archive"),
    ("sign_in_rules", _("Sign-in rules"), "lock"),
    ("invite", _("Invite somebody"), "account"),
    ("roles", _("Roles"), "shield"),
    ("site_new", _("Add a site"), "building"),
    ("privacy", _("What the landlord sees of use"), "shield"),
)


def offered(request: access.Request) -> tuple[navigation.Entry, ...]:
    """This will return the pages that the reader may open."""
    known = navigation.entries(request)
    listed = {each.route for each in known}
    more = []
    for route, caption, icon in MORE:
        href = reverse(route, args=[request.organization.public_id])
        view = resolve(href).func
        may_open = request.organization.has_module(view.module) and navigation.may_open(request, route)  # type: ignore[attr-defined]
        if route not in listed and may_open:
            more.append(navigation.Entry(href, str(caption), icon, False, route, ""))
    return (*known, *more)
