"""All permissions of the product, and which of them the built-in roles hold.

Each domain declares its own in `permissions.py` (constants "domain:action" and the tuple `PERMISSIONS`). Identity is
below the domains and must not know them, so the application hands their modules in when it starts.
"""

from __future__ import annotations

import fnmatch
import importlib
import importlib.util
import re
from collections.abc import Iterable

from meterbook.identity.values import DelegationScope, Module, RoleCode

SHAPE = re.compile(r"^[a-z]+:[a-z_]+$")

# Specification 9.3, as far as the domains exist. Patterns, so that a new view permission reaches those who look and a
# new right of a domain those who run it; everything else must be listed. The administrator holds all that is declared.
ROLE_PATTERNS: dict[RoleCode, tuple[str, ...]] = {
    RoleCode.ORGANIZATION_ADMIN: ("*:*",),
    RoleCode.MANAGER: (
        "*:view*",
        "sites:*",
        "metering:*",
        "acquisition:*",
        "monitoring:*",
        "fieldwork:*",
        "alarms:*",
        "tariffs:draft*",
        "rules:edit*",
        "notifications:view*",
        "customers:view*",
        "customers:manage*",
        "customers:know*",
        "customers:see*",
        "billing:manage*",
        "documents:edit_letterhead",
    ),
    RoleCode.BILLING_CLERK: (
        "identity:view_organization",
        "sites:view*",
        "metering:view*",
        "metering:correct_reading",
        "metering:import_readings",
        "metering:enter_reading",
        "alarms:view*",
        "tariffs:view*",
        "rules:view*",
        "tariffs:draft*",
        "rules:edit*",
        "customers:view*",
        "customers:manage*",
        "customers:know*",
        "customers:see_own*",
        "ledger:view*",
        "billing:view*",
        "billing:manage*",
        "documents:view*",
    ),
    RoleCode.APPROVER: (
        "identity:view_organization",
        "sites:view*",
        "metering:view*",
        "metering:correct_reading",
        "alarms:view*",
        "tariffs:view*",
        "rules:view*",
        "tariffs:publish*",
        "customers:view*",
        "customers:approve*",
        "ledger:view*",
        "billing:view*",
        "billing:approve*",
        "documents:view*",
    ),
    RoleCode.CASHIER: (
        "identity:view_organization",
        "sites:view*",
        "customers:view*",
        "ledger:view*",
        "billing:view*",
        "documents:view*",
    ),
    RoleCode.OPERATOR: (
        "identity:view_organization",
        "sites:view*",
        "metering:view*",
        "acquisition:view*",
        "monitoring:view*",
        "acquisition:request_reading",
        "metering:enter_reading",
        "fieldwork:do_jobs",
        "alarms:*",
    ),
    RoleCode.ANALYST: (
        "identity:view_organization",
        "sites:view*",
        "metering:view*",
        "monitoring:view*",
        "tariffs:view*",
        "rules:view*",
    ),
    RoleCode.MONITOR: (
        "identity:view_organization",
        "sites:view*",
        "metering:view*",
        "monitoring:view*",
        "alarms:view*",
        "customers:see_detailed*",
    ),
    RoleCode.INTEGRATOR: (
        "identity:view_organization",
        "sites:*",
        "metering:*",
        "acquisition:*",
        "monitoring:view*",
        "fieldwork:*",
        "alarms:*",
    ),
    RoleCode.AUDITOR: ("*:view*", "audit:*"),
    RoleCode.PLATFORM_OWNER: ("identity:view_organization", "sites:view*", "installation:*", "notifications:*"),
    RoleCode.FINANCE_VIEWER: (
        "identity:view_organization",
        "sites:view*",
        "tariffs:view*",
        "rules:view*",
        "customers:view*",
        "ledger:view*",
        "billing:view*",
        "documents:view*",
    ),
    RoleCode.API_CLIENT: (
        "identity:view_organization",
        "identity:*_api_keys",
        "sites:view*",
        "metering:view*",
        "metering:import_readings",
        "acquisition:view*",
        "monitoring:view*",
        "alarms:view*",
        "tariffs:view*",
        "rules:view*",
        "customers:view*",
        "ledger:view*",
        "billing:view*",
        "documents:view*",
    ),
    # Not a "view": those who look at everything have no account of their own.
    RoleCode.TENANT: ("customers:see_own*",),
}

# What the switch "may change the configuration" of a monitor adds (M-003), and what a monitor sees of single meters and
# accounts beside the role: their bills.
MONITOR_CONFIGURES = ("sites:edit*", "metering:manage*", "acquisition:manage*")
MONITOR_OF_SINGLES = ("billing:view*", "documents:view*")

# What a landlord entrusts to a management company (M-004). Patterns, for what the domains will declare.
DELEGATION_PATTERNS: dict[DelegationScope, tuple[str, ...]] = {
    DelegationScope.VIEW: ("*:view*", "customers:see_detailed*"),
    DelegationScope.BILL: (
        "billing:*",
        "tariffs:draft*",
        "rules:edit*",
        "customers:manage*",
        "metering:correct_reading",
        "metering:import_readings",
        "metering:enter_reading",
    ),
    DelegationScope.COLLECT: ("ledger:post*", "payments:*", "arrears:*", "prepaid:*"),
    DelegationScope.CONTROL: ("control:*", "alarms:acknowledge", "acquisition:request_reading"),
}
# Who works here, and with which keys, stays between the landlord and its own people.
NEVER_DELEGATED = ("identity:edit*", "identity:manage*", "identity:view_users", "identity:view_api_keys")

# What belongs to no site: a role at single sites gives none of it.
OF_ORGANIZATION = (
    "audit:*",
    "customers:erase*",
    "documents:edit*",
    "documents:manage*",
    "identity:*",
    "installation:*",
    "notifications:*",
    "rules:edit*",
    "tariffs:draft*",
    "tariffs:publish*",
)

# Which module each domain belongs to: what is off takes its rights, jobs and events with it.
MODULE_OF_DOMAIN: dict[str, Module] = {
    "identity": Module.CORE,
    "audit": Module.CORE,
    "installation": Module.CORE,
    "sites": Module.CORE,
    "foundation": Module.CORE,
    "notifications": Module.CORE,
    "journeys": Module.CORE,
    "metering": Module.METERING,
    "acquisition": Module.METERING,
    "monitoring": Module.MONITORING,
    "alarms": Module.ALARMS,
    "customers": Module.BILLING,
    "tariffs": Module.BILLING,
    "ledger": Module.BILLING,
    "documents": Module.BILLING,
    "billing": Module.BILLING,
    "fieldwork": Module.METERING,
    "rules": Module.BILLING,
}

_known: dict[str, str] = {}


class PermissionMisdeclared(ValueError):
    """A permission has another shape than "domain:action", or two domains declare the same one."""


class DomainUnknown(LookupError):
    """Nobody said which module the domain belongs to; add it to `MODULE_OF_DOMAIN`."""


class PermissionUnknown(LookupError):
    """No domain declares that permission; add it to the `permissions.py` of its domain."""


def register(*, domain: str, permissions: Iterable[str]) -> None:
    """This will make the permissions of one domain known. Registering the same again changes nothing.

    :raises PermissionMisdeclared: when one has the wrong shape or belongs to another domain
    """
    for permission in permissions:
        if not SHAPE.match(permission):
            raise PermissionMisdeclared(f'{permission!r} of {domain}: write it as "domain:action" in small letters.')
        if _known.setdefault(permission, domain) != domain:
            raise PermissionMisdeclared(f"{permission!r} is declared by {_known[permission]} and by {domain}.")


def collect(packages: Iterable[str]) -> None:
    """This will register what `PERMISSIONS` in the `permissions` module of each package lists.

    :param packages: dotted names of domain packages; one that is missing or has no such module is passed over
    """
    for package in packages:
        name = f"{package}.permissions"
        # A module that is there but does not load must not pass for one that is missing: roles would shrink silently.
        if _is_there(package) and _is_there(name):
            module = importlib.import_module(name)
            register(domain=package.rpartition(".")[2], permissions=module.PERMISSIONS)


def _is_there(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def known() -> frozenset[str]:
    """This will return all declared permissions."""
    return frozenset(_known)


def module_of(code: str) -> Module:
    """This will return the module of a permission or job, by the domain in its name: "billing:view_bill" is BILLING.

    :raises DomainUnknown: when the domain has none
    """
    domain = re.split("[:.]", code)[0]
    if domain not in MODULE_OF_DOMAIN:
        raise DomainUnknown(f"{code!r}: {DomainUnknown.__doc__}")
    return MODULE_OF_DOMAIN[domain]


def of_role(role: RoleCode) -> frozenset[str]:
    """This will return the permissions of a built-in role."""
    return matching(ROLE_PATTERNS[role])


def matching(patterns: Iterable[str]) -> frozenset[str]:
    """This will return the declared permissions that one of the patterns fits."""
    wanted = tuple(patterns)
    return frozenset(each for each in _known if any(fnmatch.fnmatchcase(each, pattern) for pattern in wanted))


def check(permission: str) -> str:
    """This will return the permission as it came.

    :raises PermissionUnknown: when no domain declares it
    """
    if permission not in _known:
        raise PermissionUnknown(f"{permission!r}: {PermissionUnknown.__doc__}")
    return permission
