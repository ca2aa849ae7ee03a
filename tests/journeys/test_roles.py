"""The built-in roles against the permission matrix of the specification (9.3), as far as the product goes."""

from __future__ import annotations

import pytest

from meterbook.foundation import scoping
from meterbook.identity import queries, registry
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from tests.factories import identity

ADMIN, MANAGER, CLERK = RoleCode.ORGANIZATION_ADMIN, RoleCode.MANAGER, RoleCode.BILLING_CLERK
APPROVER, CASHIER, OPERATOR = RoleCode.APPROVER, RoleCode.CASHIER, RoleCode.OPERATOR
ANALYST, MONITOR = RoleCode.ANALYST, RoleCode.MONITOR
INTEGRATOR, AUDITOR = RoleCode.INTEGRATOR, RoleCode.AUDITOR
PLATFORM, FINANCE, PROGRAM = RoleCode.PLATFORM_OWNER, RoleCode.FINANCE_VIEWER, RoleCode.API_CLIENT

STAFF = set(RoleCode) - {RoleCode.TENANT}
TREE_EDITORS = {ADMIN, MANAGER, INTEGRATOR}
CORRECTORS = {ADMIN, MANAGER, CLERK, APPROVER, INTEGRATOR}
METER_VIEWERS = STAFF - {CASHIER, PLATFORM, FINANCE}
MONEY_VIEWERS = {ADMIN, MANAGER, CLERK, APPROVER, CASHIER, AUDITOR, FINANCE, PROGRAM}
MATRIX = {
    "sites:view": STAFF,
    "sites:edit": TREE_EDITORS,
    "metering:view_meter": METER_VIEWERS,
    "metering:manage_meter": TREE_EDITORS,
    "metering:correct_reading": CORRECTORS,
    "metering:import_readings": TREE_EDITORS | {CLERK, PROGRAM},
    "metering:enter_reading": TREE_EDITORS | {CLERK, OPERATOR},
    "acquisition:view_device": {ADMIN, MANAGER, OPERATOR, INTEGRATOR, AUDITOR, PROGRAM},
    "acquisition:manage_device": TREE_EDITORS,
    "acquisition:edit_type": TREE_EDITORS,
    "acquisition:request_reading": {ADMIN, MANAGER, OPERATOR, INTEGRATOR},
    "tariffs:view_tariff": {ADMIN, MANAGER, CLERK, APPROVER, ANALYST, AUDITOR, FINANCE, PROGRAM},
    "tariffs:draft_tariff": {ADMIN, MANAGER, CLERK},
    "tariffs:publish_tariff": {ADMIN, APPROVER},
    "rules:view_calendar": {ADMIN, MANAGER, CLERK, APPROVER, ANALYST, AUDITOR, FINANCE, PROGRAM},
    "rules:edit_calendar": {ADMIN, MANAGER, CLERK},
    "customers:view_customer": MONEY_VIEWERS,
    "customers:manage_customer": {ADMIN, MANAGER, CLERK},
    "customers:know_vulnerability": {ADMIN, MANAGER, CLERK},
    "customers:erase_customer": {ADMIN},
    "customers:approve_override": {ADMIN, RoleCode.APPROVER},
    "customers:see_own_account": {ADMIN, MANAGER, CLERK, RoleCode.TENANT},
    "customers:see_detailed_use": {ADMIN, MANAGER, MONITOR},
    "billing:view_bill": MONEY_VIEWERS,
    "documents:edit_letterhead": {ADMIN, MANAGER},
    "documents:manage_series": {ADMIN},
    "documents:manage_certificate": {ADMIN},
    "documents:manage_register": {ADMIN},
    "installation:configure": {ADMIN, PLATFORM},
    "billing:manage_run": {ADMIN, MANAGER, CLERK},
    "billing:approve_run": {ADMIN, APPROVER},
    "billing:manage_pool": {ADMIN, MANAGER, CLERK},
    "documents:view_document": MONEY_VIEWERS,
    "ledger:view": MONEY_VIEWERS,
    "ledger:post": {ADMIN},
    "fieldwork:manage_jobs": TREE_EDITORS,
    "fieldwork:do_jobs": TREE_EDITORS | {OPERATOR},
    "alarms:view": STAFF - {CASHIER, ANALYST, PLATFORM, FINANCE},
    "alarms:acknowledge": {ADMIN, MANAGER, OPERATOR, INTEGRATOR},
    "notifications:view_log": {ADMIN, MANAGER, AUDITOR, PLATFORM},
    "notifications:configure_channels": {ADMIN, PLATFORM},
    "audit:view": {ADMIN, MANAGER, AUDITOR},
    "identity:view_organization": STAFF,
    "identity:edit_organization": {ADMIN},
    "identity:view_users": {ADMIN, MANAGER, AUDITOR},
    "identity:edit_users": {ADMIN},
    "identity:view_api_keys": {ADMIN, MANAGER, AUDITOR, PROGRAM},
    "identity:manage_api_keys": {ADMIN, PROGRAM},
    "identity:view_delegations": {ADMIN, MANAGER, AUDITOR},
    "identity:manage_delegations": {ADMIN},
}


@pytest.mark.spec("M-002/1")
@pytest.mark.spec("X-12/1")
class TestMatrix:
    def test_covers_every_permission_that_a_domain_declares(self) -> None:
        assert set(MATRIX) == registry.known()

    @pytest.mark.parametrize("permission", MATRIX)
    def test_is_what_the_built_in_roles_hold(self, permission: str) -> None:
        assert {role for role in RoleCode if permission in registry.of_role(role)} == MATRIX[permission]

    @pytest.mark.parametrize("role", RoleCode)
    def test_is_what_a_person_with_the_role_may_do(self, role: RoleCode) -> None:
        organization = identity.organization()
        user = identity.user(organization=organization, role=role)

        with scoping.scope([organization.id], actor=identity.ACTOR):
            held = queries.access_of(user_id=user.pk, at=clock.now()).permissions()

        assert held == {permission for permission, roles in MATRIX.items() if role in roles}
