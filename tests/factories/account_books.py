"""Workbooks with customers, accounts and contracts for tests."""

from __future__ import annotations

import uuid

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.journeys.accounts import files
from meterbook.kernel import clock
from tests.factories import buildings, identity

CUSTOMERS = ("Code", "Name", "Person or company", "E-mail", "Phones", "Language of the bills")
ACCOUNTS = ("Account number", "Customer", "Site", "Whose account", "Tariff of vacant units")
CONTRACTS = ("Meter point", "First day", "Account", "Tariff", "Last day")


def workbook(*, customers: buildings.Rows = (), accounts: buildings.Rows = (), contracts: buildings.Rows = ()) -> bytes:
    """This will make a workbook with our usual columns."""
    return buildings.workbook(
        {
            "Customers": [CUSTOMERS, *customers],
            "Accounts": [ACCOUNTS, *accounts],
            "Contracts": [CONTRACTS, *contracts],
        }
    )


def uploaded(organization: identity_models.Organization) -> uuid.UUID:
    """This will keep an empty workbook that waits; outside a scope."""
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return files.upload_workbook(actor=identity.ACTOR, at=clock.now(), content=workbook(), name="accounts.xlsx")
