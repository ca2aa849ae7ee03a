"""What the side navigation offers a user."""

from __future__ import annotations

import functools
from dataclasses import dataclass

from django.urls import resolve, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from meterbook.acquisition import permissions as acquisition_permissions
from meterbook.alarms import permissions as alarm_permissions
from meterbook.audit import permissions as audit_permissions
from meterbook.billing import permissions as billing_permissions
from meterbook.customers import permissions as customer_permissions
from meterbook.fieldwork import permissions as fieldwork_permissions
from meterbook.identity import permissions as identity_permissions
from meterbook.identity.values import Module
from meterbook.metering import permissions as metering_permissions
from meterbook.sites import permissions as site_permissions
from meterbook.tariffs import permissions as tariff_permissions
from meterbook.web import access


@dataclass(frozen=True)
class Place:
    """One entry of the navigation as it is declared."""

    route: str
    caption: str | Promise
    icon: str
    permission: str
    module: Module
    group: str | Promise = ""  # what it stands under


@dataclass(frozen=True)
class Entry:
    """One entry as a page shows it."""

    href: str
    caption: str
    icon: str
    is_current: bool
    route: str
    group: str


UNKNOWN = "00000000-0000-4000-8000-000000000000"
_READING, _BILLING, _SET_UP = _("Readings"), _("Billing"), _("Set-up")
PLACES = (
    Place("home", _("Home"), "home", site_permissions.VIEW_SITES, Module.CORE),
    Place("work", _("My work"), "inbox", site_permissions.VIEW_SITES, Module.CORE),
    Place("alarms", _("Alarms"), "alert", alarm_permissions.VIEW_ALARMS, Module.ALARMS),
    Place("jobs", _("Jobs"), "check", fieldwork_permissions.DO_JOBS, Module.METERING),
    Place("meters", _("Meters"), "meter", metering_permissions.VIEW_METER, Module.METERING, _READING),
    Place("readings_enter", _("Enter readings"), "edit", metering_permissions.ENTER_READING, Module.METERING, _READING),
    Place("quality", _("Data quality"), "chart", metering_permissions.VIEW_METER, Module.METERING, _READING),
    Place("imports", _("Imports"), "table", metering_permissions.IMPORT_READINGS, Module.METERING, _READING),
    Place("topology", _("Topology"), "bus", acquisition_permissions.VIEW_DEVICE, Module.METERING, _READING),
    Place("customers", _("Customers"), "contacts", customer_permissions.VIEW_CUSTOMER, Module.BILLING, _BILLING),
    Place("accounts", _("Accounts"), "account", customer_permissions.VIEW_CUSTOMER, Module.BILLING, _BILLING),
    Place("moves", _("Moving"), "key", customer_permissions.MANAGE_CUSTOMER, Module.BILLING, _BILLING),
    Place("runs", _("Bill runs"), "run", billing_permissions.VIEW_BILL, Module.BILLING, _BILLING),
    Place("bills", _("Bills"), "bill", billing_permissions.VIEW_BILL, Module.BILLING, _BILLING),
    Place("energy_balance", _("Energy balance"), "chart", billing_permissions.VIEW_BILL, Module.BILLING, _BILLING),
    Place("pools", _("Shared costs"), "sliders", billing_permissions.VIEW_BILL, Module.BILLING, _BILLING),
    Place(
        "supplier_invoices",
        _("Suppliers' invoices"),
        "table",
        billing_permissions.VIEW_BILL,
        Module.BILLING,
        _BILLING,
    ),
    Place("tariffs", _("Tariffs"), "book", tariff_permissions.VIEW_TARIFF, Module.BILLING, _BILLING),
    Place("sites", _("Sites"), "building", site_permissions.EDIT_SITES, Module.CORE, _SET_UP),
    Place("library", _("Meter types"), "meter", acquisition_permissions.VIEW_DEVICE, Module.METERING, _SET_UP),
    Place("people", _("People"), "people", identity_permissions.VIEW_USERS, Module.CORE, _SET_UP),
    Place("delegations", _("Delegations"), "key", identity_permissions.VIEW_DELEGATIONS, Module.CORE, _SET_UP),
    Place("settings_index", _("Settings"), "settings", identity_permissions.VIEW_ORGANIZATION, Module.CORE, _SET_UP),
    Place("modules", _("Modules"), "module", identity_permissions.EDIT_ORGANIZATION, Module.CORE, _SET_UP),
    Place("api_reference", _("API"), "cable", identity_permissions.VIEW_ORGANIZATION, Module.API, _SET_UP),
    Place("audit", _("Audit trail"), "shield", audit_permissions.VIEW_AUDIT, Module.CORE, _SET_UP),
)


# Pages that no entry leads to by their address, by how that begins, and the entry from which people come to them.
_BESIDE = {
    "assigned": "assigned",
    "charge-backs": "accounts",
    "contracts": "accounts",
    "corrections": "bills",
    "corrections/rules": "settings_index",
    "credit-notes": "bills",
    "disputes": "bills",
    "documents": "settings_index",
    "legal-profile": "settings_index",
    "letterhead": "settings_index",
    "privacy": "settings_index",
    "rebills": "pools",
    "sheets": "pools",
    "start": "home",
    "swap-tests": "jobs",
    "templates": "settings_index",
    "transactions": "bills",
    "virtual-meters": "meters",
}


def may_open(request: access.Request, route: str) -> bool:
    """This will tell whether the page would let the reader in, as its own guard says; whatever its module."""
    permission, is_by_site = _guard(route)
    return request.access.allows_somewhere(permission) if is_by_site else request.access.allows(permission)


@functools.cache
def _guard(route: str) -> tuple[str, bool]:
    view = resolve(reverse(route, args=[UNKNOWN])).func
    return view.permission, view.by_site  # type: ignore[attr-defined]


def place_of(path: str, home: str) -> str:
    """This will return the route of the entry under which a page stands: of those whose address its own begins with,
    the longest. Empty where there is none.

    :param home: the address of the organization's home, with which all of them begin
    """
    parts = path.removeprefix(home).strip("/").split("/")
    begins = ("/".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((_addresses()[each] for each in begins if each in _addresses()), "")


@functools.cache
def _addresses() -> dict[str, str]:
    home = reverse("home", args=[UNKNOWN])
    own = {reverse(each.route, args=[UNKNOWN]).removeprefix(home).strip("/"): each.route for each in PLACES}
    return own | _BESIDE


def entries(request: access.Request) -> tuple[Entry, ...]:
    """This will return what the user may open in the organization; the entry whose page this is counts as current."""
    home = reverse("home", args=[request.organization.public_id])
    current = place_of(request.path, home)
    found = []
    if request.access.at_meter or request.access.at_account:
        href = reverse("assigned", args=[request.organization.public_id])
        found.append(Entry(href, str(_("My meters")), "meter", current == "assigned", "assigned", ""))
    for place in PLACES:
        is_there = request.organization.has_module(place.module)
        if not is_there or not request.access.allows_somewhere(place.permission) or not may_open(request, place.route):
            continue
        href = reverse(place.route, args=[request.organization.public_id])
        is_current = current == place.route
        found.append(Entry(href, str(place.caption), place.icon, is_current, place.route, str(place.group)))
    return tuple(found)
