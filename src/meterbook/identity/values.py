"""Words of identity, and what a set of grants amounts to. Pure."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Module(enum.StrEnum):
    """Parts of the product that an organization has on or off. CORE is always on."""

    CORE = "CORE"
    METERING = "METERING"
    ALARMS = "ALARMS"
    MONITORING = "MONITORING"
    BILLING = "BILLING"
    API = "API"


MODULE_CAPTIONS = {
    Module.CORE: _("Basics"),
    Module.METERING: _("Meters and readings"),
    Module.ALARMS: _("Alarms"),
    Module.MONITORING: _("Live values and trends"),
    Module.BILLING: _("Tariffs and bills"),
    Module.API: _("API for programs"),
}
# What may be on at one site and off at another; the API is one for the whole organization.
SITE_MODULES = (Module.METERING, Module.ALARMS, Module.MONITORING, Module.BILLING)
MODULES_AT_FIRST = (Module.METERING, Module.ALARMS, Module.MONITORING, Module.BILLING, Module.API)


class RoleCode(enum.StrEnum):
    """Built-in roles (specification 9.3). An organization may add its own beside them."""

    ORGANIZATION_ADMIN = "ORGANIZATION_ADMIN"
    MANAGER = "MANAGER"
    BILLING_CLERK = "BILLING_CLERK"
    APPROVER = "APPROVER"
    CASHIER = "CASHIER"
    OPERATOR = "OPERATOR"
    ANALYST = "ANALYST"
    MONITOR = "MONITOR"
    INTEGRATOR = "INTEGRATOR"
    AUDITOR = "AUDITOR"
    PLATFORM_OWNER = "PLATFORM_OWNER"  # runs the machine, and sees nothing of what is measured and billed
    FINANCE_VIEWER = "FINANCE_VIEWER"
    API_CLIENT = "API_CLIENT"  # a program: an account of its own, whose keys do no more than this
    TENANT = "TENANT"  # somebody who pays for a meter; which account is theirs, `customers` knows


ROLE_CAPTIONS = {
    RoleCode.ORGANIZATION_ADMIN: _("Organization administrator"),
    RoleCode.MANAGER: _("Manager"),
    RoleCode.BILLING_CLERK: _("Billing clerk"),
    RoleCode.APPROVER: _("Approver"),
    RoleCode.CASHIER: _("Cashier"),
    RoleCode.OPERATOR: _("Operator"),
    RoleCode.ANALYST: _("Analyst"),
    RoleCode.MONITOR: _("Monitor"),
    RoleCode.INTEGRATOR: _("Integrator"),
    RoleCode.AUDITOR: _("Auditor"),
    RoleCode.PLATFORM_OWNER: _("Platform owner"),
    RoleCode.FINANCE_VIEWER: _("Finance viewer"),
    RoleCode.API_CLIENT: _("API client"),
    RoleCode.TENANT: _("Tenant"),
}


# What these may do asks for a second factor: to administer, and to switch supplies.
SECOND_FACTOR_AT_FIRST = (RoleCode.ORGANIZATION_ADMIN, RoleCode.PLATFORM_OWNER, RoleCode.OPERATOR)


class ScopeKind(enum.StrEnum):
    """What a grant reaches: the whole organization, one site, one metering point, or one account."""

    ORGANIZATION = "ORGANIZATION"
    SITE = "SITE"
    METER = "METER"
    ACCOUNT = "ACCOUNT"


SINGLE_KINDS = (ScopeKind.SITE.value, ScopeKind.METER.value, ScopeKind.ACCOUNT.value)


class DelegationScope(enum.StrEnum):
    """What a landlord lets a management company do; to look belongs to each of them."""

    VIEW = "VIEW"
    BILL = "BILL"
    COLLECT = "COLLECT"
    CONTROL = "CONTROL"


DELEGATION_CAPTIONS = {
    DelegationScope.VIEW: pgettext_lazy("delegation", "View"),
    DelegationScope.BILL: pgettext_lazy("delegation", "Bill"),
    DelegationScope.COLLECT: pgettext_lazy("delegation", "Collect"),
    DelegationScope.CONTROL: pgettext_lazy("delegation", "Control supply"),
}


class TwoPeople(enum.StrEnum):
    """What one person does and another approves, where the organization asks for it (maker and checker)."""

    TARIFF = "TARIFF"
    RUN = "RUN"
    ADJUSTMENT = "ADJUSTMENT"
    REFUND = "REFUND"
    READING = "READING"
    OVERRIDE = "OVERRIDE"


TWO_PEOPLE_CAPTIONS = {
    TwoPeople.TARIFF: _("Tariffs"),
    TwoPeople.RUN: _("Bill runs"),
    TwoPeople.ADJUSTMENT: _("Adjustments of accounts"),
    TwoPeople.REFUND: _("Refunds"),
    TwoPeople.READING: _("Readings of billed days"),
    TwoPeople.OVERRIDE: _("Other tariffs than the default"),
}


class PersonState(enum.StrEnum):
    """How a person stands to an organization."""

    ACTIVE = "ACTIVE"
    NEW = "NEW"  # has a password for one sign-in that was not replaced yet
    WITHOUT_ROLE = "WITHOUT_ROLE"
    OFF = "OFF"


class Theme(enum.StrEnum):
    """Light or dark; AUTO follows the browser."""

    AUTO = "AUTO"
    LIGHT = "LIGHT"
    DARK = "DARK"


# Said on the bus when somebody's rights shrank: open streams ask at once whether they may go on.
RIGHTS = "rights"


@dataclass(frozen=True, order=True)
class Single:
    """One metering point or account (`kind` says which), with the site that it belongs to."""

    kind: ScopeKind
    id: int
    site_id: int


@dataclass(frozen=True)
class GrantFacts:
    """A grant with its role already looked up: these permissions, there, in [starts_at, ends_at)."""

    permissions: frozenset[str]
    site_id: int | None
    starts_at: datetime
    ends_at: datetime | None
    role_code: str = ""  # of a built-in role
    meter_id: int | None = None  # of a metering point: the grant reaches only that
    account_id: int | None = None
    company: str = ""  # of a delegation: the name of the company whose people hold it

    def is_in_force(self, at: datetime) -> bool:
        """This will tell whether the grant counts at that instant; its end no longer belongs to it."""
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True)
class Access:
    """What one user may do in one organization at one instant."""

    everywhere: frozenset[str] = frozenset()
    at_site: Mapping[int, frozenset[str]] = field(default_factory=dict)
    roles: frozenset[str] = frozenset()  # codes of the built-in roles, wherever held
    # Single metering points and accounts. Pages that do not know of them stay closed: nothing here counts as a site's.
    at_meter: Mapping[int, frozenset[str]] = field(default_factory=dict)
    at_account: Mapping[int, frozenset[str]] = field(default_factory=dict)
    company: str = ""  # whose people the user belongs to, when a delegation is in force; empty: nobody's but one's own
    # Where modules are switched off at single sites: by permission, the sites where it does not count and those where
    # it does. A permission that is not named here counts everywhere.
    off: Mapping[str, frozenset[int]] = field(default_factory=dict)
    on: Mapping[str, frozenset[int]] = field(default_factory=dict)

    def allows(self, permission: str, site_id: int | None = None) -> bool:
        """This will tell whether the user may do that at the site, or without a site: in the whole organization."""
        if site_id is not None and site_id in self.off.get(permission, frozenset()):
            return False
        if permission in self.everywhere:
            return True
        return site_id is not None and permission in self.at_site.get(site_id, frozenset())

    def allows_somewhere(self, permission: str) -> bool:
        """This will tell whether there is at least one site where the user may do that."""
        sites = self.sites(permission)
        return sites is None or bool(sites)

    def sites(self, permission: str) -> frozenset[int] | None:
        """This will return the ids of the sites where the user may do that; None means all of the organization."""
        if permission in self.everywhere:
            return self.on.get(permission)
        held = frozenset(site_id for site_id, permissions in self.at_site.items() if permission in permissions)
        return held - self.off.get(permission, frozenset())

    def permissions(self, site_id: int | None = None) -> frozenset[str]:
        """This will return all permissions at the site, or without a site: in the whole organization."""
        if site_id is None:
            return self.everywhere
        return self.everywhere | self.at_site.get(site_id, frozenset())

    def meters(self, permission: str) -> frozenset[int]:
        """This will return the metering points for which alone the user was given that, whatever counts elsewhere."""
        return frozenset(each for each, held in self.at_meter.items() if permission in held)

    def accounts(self, permission: str) -> frozenset[int]:
        """This will return the accounts for which alone the user was given that, whatever counts elsewhere."""
        return frozenset(each for each, held in self.at_account.items() if permission in held)

    def over(self, single: Single) -> frozenset[str]:
        """This will return all permissions over one metering point or account: of its site, and its own."""
        own = self.at_meter if single.kind is ScopeKind.METER else self.at_account
        return self.permissions(single.site_id) | own.get(single.id, frozenset())

    def covers(self, other: Access) -> bool:
        """This will tell whether the other may do nothing anywhere that this one may not."""
        return (
            other.everywhere <= self.everywhere
            and all(held <= self.permissions(site_id) for site_id, held in other.at_site.items())
            and _covers(self.everywhere, self.at_meter, other.at_meter)
            and _covers(self.everywhere, self.at_account, other.at_account)
        )


def _covers(everywhere: frozenset[str], own: Mapping[int, frozenset[str]], other: Mapping[int, frozenset[str]]) -> bool:
    return all(held <= everywhere | own.get(each, frozenset()) for each, held in other.items())


def resolve(grants: Iterable[GrantFacts], at: datetime) -> Access:
    """This will add up the grants in force at that instant. No grant gives nothing."""
    everywhere: frozenset[str] = frozenset()
    at_site: dict[int, frozenset[str]] = {}
    at_meter: dict[int, frozenset[str]] = {}
    at_account: dict[int, frozenset[str]] = {}
    roles, companies = set(), set()
    for grant in grants:
        if not grant.is_in_force(at):
            continue
        roles |= {grant.role_code} - {""}
        companies |= {grant.company} - {""}
        reaches = ((at_meter, grant.meter_id), (at_account, grant.account_id), (at_site, grant.site_id))
        reach, key = next(((where, each) for where, each in reaches if each is not None), (None, None))
        if reach is None or key is None:
            everywhere |= grant.permissions
        else:
            reach[key] = reach.get(key, frozenset()) | grant.permissions
    return Access(
        everywhere=everywhere,
        at_site=at_site,
        roles=frozenset(roles),
        at_meter=at_meter,
        at_account=at_account,
        company=", ".join(sorted(companies)),
    )


@dataclass(frozen=True)
class OneTimePassword:
    """A password that works for one sign-in. It is shown once and stored only as a hash."""

    email: str
    password: str = field(repr=False)
