"""Who signs in for an account as its tenant, and how finely the landlord sees what tenants use."""

from __future__ import annotations

import uuid

from ninja import Router

from meterbook.api import entry, values
from meterbook.api.endpoints import endpoint
from meterbook.api.resources import customer_shapes, invitations, people_changes
from meterbook.customers import granularity, own, permissions, sign_ins
from meterbook.customers import queries as customer_queries
from meterbook.customers.values import Granularity
from meterbook.identity import permissions as identity_permissions
from meterbook.identity.values import Module

router = Router(tags=["Tenants"])


class TenantSignIn(values.Told):
    """Who signs in for an account; `is_waiting` while the invitation can still be accepted."""

    id: uuid.UUID
    email: str
    name: str
    is_waiting: bool
    starts_at: values.InstantTold


class TenantSignIns(values.Told):
    """By e-mail address."""

    items: list[TenantSignIn]


class NewTenant(values.Given):
    """Whom to invite; the link goes by mail only."""

    email: values.Email
    name: customer_shapes.MaybeName = ""
    language: values.Language = "en"


class EndedSignIn(values.Given):
    """Nothing more to say."""


class SitePrivacy(values.Told):
    """What the landlord sees at a site without a tenant's consent."""

    site: uuid.UUID
    site_name: str
    dwellings: Granularity
    commercial: Granularity


class AllPrivacy(values.Told):
    """By the name of the site."""

    items: list[SitePrivacy]


class NewPrivacy(values.Given):
    """What the landlord sees at a site without a tenant's consent."""

    dwellings: Granularity
    commercial: Granularity


@endpoint(
    router,
    "GET",
    "/accounts/{uuid:account}/sign-ins",
    permission=permissions.VIEW_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=TenantSignIns,
)
def list_tenant_sign_ins(request: entry.Request, account: uuid.UUID) -> TenantSignIns:
    """This will return who signs in for an account, and who is invited to."""
    return _of(request, account)


@endpoint(
    router,
    "POST",
    "/accounts/{uuid:account}/sign-ins",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=TenantSignIns,
    status=201,
)
def invite_tenant(request: entry.Request, account: uuid.UUID, given: NewTenant) -> TenantSignIns:
    """This will invite somebody by mail to see an account as its tenant."""
    caller, row = request.caller, customer_queries.get_account(public_id=account)
    people_changes.require_held(caller, frozenset({permissions.SEE_OWN_ACCOUNT}), row.site_id)
    invitations.require_mail()
    invitation, token = sign_ins.invite_tenant(
        actor=caller.actor,
        at=caller.at,
        account=account,
        email=given.email,
        name=given.name,
        language=given.language,
    )
    invitations.mail(caller, invitation, token)
    return _of(request, account)


@endpoint(
    router,
    "POST",
    "/accounts/{uuid:account}/sign-ins/{uuid:sign_in}/end",
    permission=permissions.MANAGE_CUSTOMER,
    module=Module.BILLING,
    by_site=True,
    answers=TenantSignIns,
)
def end_tenant_sign_in(
    request: entry.Request, account: uuid.UUID, sign_in: uuid.UUID, given: EndedSignIn
) -> TenantSignIns:
    """This will end that somebody signs in for an account; their next page is closed to them."""
    caller = request.caller
    sign_ins.end_sign_in(actor=caller.actor, at=caller.at, account=account, sign_in=sign_in)
    return _of(request, account)


@endpoint(
    router,
    "GET",
    "/privacy",
    permission=identity_permissions.EDIT_ORGANIZATION,
    module=Module.BILLING,
    answers=AllPrivacy,
)
def list_site_privacy(request: entry.Request) -> AllPrivacy:
    """This will return how finely the landlord sees use at each site without a consent."""
    return AllPrivacy(items=[_privacy(each) for each in granularity.list_privacy()])


@endpoint(
    router,
    "PUT",
    "/sites/{uuid:site}/privacy",
    permission=identity_permissions.EDIT_ORGANIZATION,
    module=Module.BILLING,
    answers=SitePrivacy,
)
def set_site_privacy(request: entry.Request, site: uuid.UUID, given: NewPrivacy) -> SitePrivacy:
    """This will set how finely the landlord sees use at a site without a consent."""
    caller = request.caller
    granularity.set_privacy(
        actor=caller.actor, at=caller.at, site=site, dwellings=given.dwellings, commercial=given.commercial
    )
    return next(_privacy(each) for each in granularity.list_privacy() if each.site_public_id == site)


def _of(request: entry.Request, account: uuid.UUID) -> TenantSignIns:
    row, at = customer_queries.get_account(public_id=account), request.caller.at
    return TenantSignIns(
        items=[
            TenantSignIn(
                id=each.public_id,
                email=each.email,
                name=each.name,
                is_waiting=each.is_waiting(at),
                starts_at=values.instant(each.starts_at),
            )
            for each in own.sign_ins_of(account_id=row.id, at=at)
        ]
    )


def _privacy(row: granularity.PrivacyRow) -> SitePrivacy:
    return SitePrivacy(
        site=row.site_public_id, site_name=row.site_name, dwellings=row.dwellings, commercial=row.commercial
    )
