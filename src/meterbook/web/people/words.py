"""Rights, states and browsers in the words of the pages about people."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from meterbook.identity import values as identity_values

STATES = {
    identity_values.PersonState.ACTIVE: (gettext_lazy("Active"), "ok", "check"),
    identity_values.PersonState.NEW: (gettext_lazy("Has not signed in yet"), "warn", "clock"),
    identity_values.PersonState.WITHOUT_ROLE: (gettext_lazy("Without a role"), "", "cross"),
    identity_values.PersonState.OFF: (gettext_lazy("Switched off"), "", "lock"),
}

AREAS: dict[str, str | Promise] = {
    "identity": gettext_lazy("Organization and people"),
    "sites": gettext_lazy("Sites"),
    "metering": gettext_lazy("Meters and readings"),
    "acquisition": gettext_lazy("Devices"),
    "monitoring": gettext_lazy("Live values and trends"),
    "fieldwork": gettext_lazy("Work on site"),
    "alarms": gettext_lazy("Alarms"),
    "customers": gettext_lazy("Customers and accounts"),
    "rules": gettext_lazy("Calendars of holidays"),
    "tariffs": gettext_lazy("Tariffs"),
    "billing": gettext_lazy("Bills"),
    "ledger": gettext_lazy("Ledger"),
    "documents": gettext_lazy("Documents"),
    "notifications": gettext_lazy("Messages"),
    "audit": gettext_lazy("Audit trail"),
    "installation": gettext_lazy("Installation"),
}

RIGHTS: dict[str, str | Promise] = {
    "identity:view_organization": gettext_lazy("See the organization"),
    "identity:edit_organization": gettext_lazy("Change the organization and its rules"),
    "identity:view_users": gettext_lazy("See people and their roles"),
    "identity:edit_users": gettext_lazy("Invite people, give and end roles"),
    "identity:view_api_keys": gettext_lazy("See API keys"),
    "identity:manage_api_keys": gettext_lazy("Make and revoke API keys"),
    "identity:view_delegations": gettext_lazy("See what is entrusted to companies"),
    "identity:manage_delegations": gettext_lazy("Entrust sites to a company and end it"),
    "sites:view": gettext_lazy("See sites and their places"),
    "sites:edit": gettext_lazy("Set up sites and their places"),
    "metering:view_meter": gettext_lazy("See meters and readings"),
    "metering:manage_meter": gettext_lazy("Add and change meters"),
    "metering:correct_reading": gettext_lazy("Correct readings"),
    "metering:import_readings": gettext_lazy("Import readings from files"),
    "metering:enter_reading": gettext_lazy("Enter readings taken at the meter"),
    "acquisition:view_device": gettext_lazy("See devices and gateways"),
    "acquisition:manage_device": gettext_lazy("Set up devices and gateways"),
    "acquisition:request_reading": gettext_lazy("Read a meter now"),
    "acquisition:edit_type": gettext_lazy("Make and change meter types"),
    "fieldwork:manage_jobs": gettext_lazy("Make jobs and give them to people"),
    "fieldwork:do_jobs": gettext_lazy("Do jobs on site, make swap tests"),
    "alarms:view": gettext_lazy("See alarms"),
    "alarms:acknowledge": gettext_lazy("Acknowledge alarms"),
    "customers:view_customer": gettext_lazy("See customers and accounts"),
    "customers:manage_customer": gettext_lazy("Open and change accounts and contracts"),
    "customers:know_vulnerability": gettext_lazy("See who must not be without supply, and why"),
    "customers:erase_customer": gettext_lazy("Erase what is personal of a customer"),
    "customers:approve_override": gettext_lazy("Approve other tariffs than the default"),
    "customers:see_own_account": gettext_lazy("Let tenants see their own account"),
    "customers:see_detailed_use": gettext_lazy("See use at home hour by hour, where the tenant agreed"),
    "rules:view_calendar": gettext_lazy("See calendars of holidays"),
    "rules:edit_calendar": gettext_lazy("Change calendars of holidays"),
    "tariffs:view_tariff": gettext_lazy("See tariffs"),
    "tariffs:draft_tariff": gettext_lazy("Write tariffs"),
    "tariffs:publish_tariff": gettext_lazy("Publish tariffs"),
    "billing:view_bill": gettext_lazy("See bills"),
    "billing:manage_run": gettext_lazy("Start and review bill runs"),
    "billing:approve_run": gettext_lazy("Approve bill runs"),
    "billing:manage_pool": gettext_lazy("Make and change shared costs, enter their amounts"),
    "ledger:view": gettext_lazy("See the ledger"),
    "ledger:post": gettext_lazy("Post in the ledger"),
    "documents:view_document": gettext_lazy("See documents"),
    "documents:edit_letterhead": gettext_lazy("Change the bill head, its logo and templates of bills"),
    "documents:manage_certificate": gettext_lazy("Set the certificate that signs documents"),
    "documents:manage_register": gettext_lazy("Withdraw documents from the public page"),
    "documents:manage_series": gettext_lazy("Set how bill numbers begin"),
    "notifications:configure_channels": gettext_lazy("Set up mail and Telegram"),
    "notifications:view_log": gettext_lazy("See the messages that were sent"),
    "audit:view": gettext_lazy("See the audit trail"),
    "installation:configure": gettext_lazy("Set up the installation: address, backups"),
}

BROWSERS = (("Edg", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"))
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@dataclass(frozen=True)
class Right:
    """One permission in words."""

    code: str
    words: str


@dataclass(frozen=True)
class Area:
    """The rights in one part of the product."""

    title: str
    rights: tuple[Right, ...]


def areas(permissions: Iterable[str]) -> tuple[Area, ...]:
    """This will group permissions by the part of the product that they belong to, in the order of the menu."""
    grouped: dict[str, list[Right]] = {}
    order = [*RIGHTS]
    for each in sorted(permissions, key=lambda code: (order.index(code) if code in RIGHTS else len(order), code)):
        grouped.setdefault(each.partition(":")[0], []).append(Right(each, right(each)))
    known = [*AREAS]
    titles = sorted(grouped, key=lambda area: (known.index(area) if area in AREAS else len(known), area))
    return tuple(Area(str(AREAS.get(each, each.capitalize())), tuple(grouped[each])) for each in titles)


def right(permission: str) -> str:
    """This will say in words what a permission allows; one without words of its own is said by its code."""
    return str(RIGHTS.get(permission, permission.partition(":")[2].replace("_", " ").capitalize()))


def state(code: identity_values.PersonState) -> tuple[str, str, str]:
    """This will return caption, tone and icon of a person's state."""
    caption, tone, icon = STATES[code]
    return str(caption), tone, icon


def device(agent: str) -> str:
    """This will say which browser on which system a session belongs to, as far as the browser tells."""
    browser = next((name for mark, name in BROWSERS if mark in agent), "")
    system = next((name for mark, name in SYSTEMS if mark in agent), "")
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("Unknown browser")
