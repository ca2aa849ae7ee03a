"""What somebody sees of accounts whose right covers only some sites, or single accounts and meter points.

Row security keeps to it (`foundation.scoping.limit`), whatever asks afterwards: lists, counts, searches, files. Needs a
running scope.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator
from datetime import datetime

from django.db import ProgrammingError
from django.db.models import Q
from django.utils.translation import gettext as _

from meterbook.customers import models, own, permissions
from meterbook.foundation import scoping
from meterbook.identity import registry
from meterbook.identity import values as identity_values
from meterbook.tariffs import models as tariff_models

WALLED = "42501"  # the database's code for a row that may not be written


class OutOfReach(LookupError):
    """There is no such object at the sites where the reader may do this."""


def enter(access: identity_values.Access, permission: str, *, at: datetime) -> None:
    """This will limit the rest of the scope to where somebody holds the permission; who holds it everywhere is not.

    Only rights over accounts limit: a meter's page asks other rights, and itself which sites they reach. A tenant's
    right is over the own accounts, whatever site it was given for.
    """
    if permission in access.everywhere or registry.module_of(permission) is not identity_values.Module.BILLING:
        return
    user_id = scoping.current().actor.id
    if permission == permissions.SEE_OWN_ACCOUNT:
        linked = own.accounts_of_user(user_id=user_id, at=at) if user_id is not None else ()
        limit(sites=(), accounts=[each.id for each in linked if access.allows(permission, each.site_id)])
        return
    limit(
        sites=access.sites(permission) or frozenset(),
        accounts=access.accounts(permission),
        meter_points=access.meters(permission),
    )


@contextlib.contextmanager
def within(access: identity_values.Access, permission: str, *, at: datetime) -> Iterator[None]:
    """This will limit a part of a page that asks another right than the page itself."""
    if permission in access.everywhere:
        yield
        return
    before = scoping.reach()
    enter(access, permission, at=at)
    try:
        yield
    finally:
        scoping.limit(before)


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """This will name it where something out of reach was to be written.

    :raises OutOfReach: when row security refused a row
    """
    try:
        yield
    except ProgrammingError as error:
        if scoping.reach() is None or getattr(error.__cause__, "sqlstate", "") != WALLED:
            raise
        raise OutOfReach(_("There is no such object at the sites where you may do this.")) from error


def limit(
    *, sites: Collection[int], accounts: Collection[int] = (), meter_points: Collection[int] = ()
) -> scoping.Reach:
    """This will limit the rest of the scope to the accounts of some sites, and to single ones.

    Customers are seen who have one of those accounts; tariffs that one of them pays by, and at a site also those that
    nobody uses yet.

    :param meter_points: accounts that pay or paid for one of these are seen, too
    """
    # What counts is the whole organization: a tariff that is used elsewhere is not free.
    with scoping.unlimited():
        reach = _reach(sites=sites, accounts=accounts, meter_points=meter_points)
    scoping.limit(reach)
    return reach


def _reach(*, sites: Collection[int], accounts: Collection[int], meter_points: Collection[int]) -> scoping.Reach:
    owner = scoping.current().organization_id
    contracts = models.Contract.objects.filter(organization_id=owner)
    within = Q(site_id__in=sites) | Q(pk__in=accounts)
    if meter_points:
        paying = contracts.filter(meter_point_id__in=meter_points)
        within |= Q(pk__in=paying.values("account_id"))
    seen = models.Account.objects.filter(within, organization_id=owner)
    rows = list(seen.values_list("pk", "customer_id", "vacancy_tariff_id", "site_id"))
    ids = frozenset(row[0] for row in rows)
    used = set(contracts.filter(account_id__in=ids).values_list("tariff_id", flat=True).distinct())
    used |= {row[2] for row in rows if row[2] is not None}
    if sites:
        used |= _unused(owner)
    return scoping.Reach(
        sites=frozenset(sites),
        # A run is decided for its whole site: who may that at one site gets no other's run by a single account there.
        run_sites=frozenset(sites) or frozenset(row[3] for row in rows),
        accounts=ids,
        customers=frozenset(row[1] for row in rows),
        tariffs=frozenset(used),
    )


def _unused(owner: int) -> set[int]:
    vacancy = models.Account.objects.filter(organization_id=owner, vacancy_tariff__isnull=False)
    taken = models.Contract.objects.filter(organization_id=owner).values("tariff_id")
    free = tariff_models.Tariff.objects.filter(organization_id=owner).exclude(pk__in=taken)
    return set(free.exclude(pk__in=vacancy.values("vacancy_tariff_id")).values_list("pk", flat=True))
