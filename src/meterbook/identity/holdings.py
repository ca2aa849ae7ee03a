"""What a user was given in the organization of the running scope: own grants, and what a company was entrusted with.

The one place where grants become rights: pages, the API, keys and operations all ask `queries.access_of`, which asks
here, with one query and nothing kept between requests. So what ends, ends with the next request.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import connection

from meterbook.foundation import scoping
from meterbook.identity import registry, values

# Own grants under row security; of a company only what `identity_entrusted` gives out (migration 0008).
HELD = """
SELECT g.role_code, r.permissions::text[], g.action, g.may_configure, g.scope_kind, g.scope_id, g.starts_at, g.ends_at,
       '' AS company, NULL::text[] AS scopes, NULL::bigint[] AS site_ids
FROM identity_grant AS g LEFT JOIN identity_role AS r ON r.id = g.role_id AND r.organization_id = g.organization_id
WHERE g.organization_id = %(organization)s AND g.user_id = %(user)s
UNION ALL
SELECT e.role_code, e.permissions, e.action, e.may_configure, 'ORGANIZATION', NULL, e.starts_at, e.ends_at,
       e.manager_name, e.scopes, e.site_ids
FROM identity_entrusted(%(user)s, %(at)s) AS e
"""


def facts_of(*, user_id: int, at: datetime) -> tuple[values.GrantFacts, ...]:
    """This will return everything the user holds in the scope's organization; whether it counts is asked later."""
    named: dict[str, int | datetime] = {"organization": scoping.current().organization_id, "user": user_id, "at": at}
    with connection.cursor() as cursor:
        cursor.execute(HELD, named)
        return tuple(fact for row in cursor.fetchall() for fact in _facts(*row))


def of_delegation(scopes: Iterable[values.DelegationScope]) -> frozenset[str]:
    """This will return what a delegation with these scopes lets a company do."""
    return registry.matching(
        pattern for each in {values.DelegationScope.VIEW, *scopes} for pattern in registry.DELEGATION_PATTERNS[each]
    ) - registry.matching(registry.NEVER_DELEGATED)


def _facts(
    role_code: str,
    own_role: list[str] | None,
    action: str,
    may_configure: bool,
    kind: str,
    scope_id: int | None,
    starts_at: datetime,
    ends_at: datetime | None,
    company: str,
    scopes: list[str] | None,
    site_ids: list[int] | None,
) -> tuple[values.GrantFacts, ...]:
    permissions = of_grant(role_code, own_role, action, kind=kind, may_configure=may_configure)
    facts: dict[str, Any] = {"role_code": role_code, "starts_at": starts_at, "ends_at": ends_at, "company": company}
    if scopes is not None:
        # Nobody does more for a landlord than at home, nor more than the landlord entrusted to the company.
        facts["permissions"] = permissions & of_delegation(map(values.DelegationScope, scopes))
        reached: list[int | None] = [None] if site_ids is None else [*site_ids]
        return tuple(values.GrantFacts(site_id=each, **facts) for each in reached)
    reaches = {
        "site_id": values.ScopeKind.SITE,
        "meter_id": values.ScopeKind.METER,
        "account_id": values.ScopeKind.ACCOUNT,
    }
    reach: dict[str, Any] = {name: scope_id for name, each in reaches.items() if kind == each}
    return (values.GrantFacts(permissions=permissions, **{"site_id": None, **reach}, **facts),)


def of_grant(
    role_code: str, own_role: Iterable[str] | None, action: str, *, kind: str, may_configure: bool
) -> frozenset[str]:
    """This will return what one grant permits: a built-in role, a role of the organization, or one action."""
    if not role_code:
        return frozenset(own_role or ()) | ({action} if action else frozenset())
    held = registry.of_role(values.RoleCode(role_code))
    if role_code != values.RoleCode.MONITOR:
        return held
    if kind in (values.ScopeKind.METER, values.ScopeKind.ACCOUNT):
        held |= registry.matching(registry.MONITOR_OF_SINGLES)
    return held | registry.matching(registry.MONITOR_CONFIGURES) if may_configure else held
