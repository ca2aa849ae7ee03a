"""Two sites with a billed account each, for those who work at one of them."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from meterbook.billing import models as billing_models
from meterbook.billing import operations as billing_operations
from meterbook.billing import queries as billing_queries
from meterbook.customers import models as customer_models
from meterbook.customers import records as customer_records
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.ledger import queries as ledger_queries
from meterbook.sites import models as site_models
from tests.factories import billing, identity

FEBRUARY, JANUARY = billing.FEBRUARY, billing.Days(*(billing.FEBRUARY.first_day.replace(month=each) for each in (1, 2)))
OWN, FOREIGN = "Calder Bakery", "Zebra Barber"


@dataclass(frozen=True)
class Billed:
    """A site with an issued bill of one tenant, and all that belongs to it by the names that addresses give it."""

    place: billing.Place
    run: billing_models.BillRun
    named: dict[str, object]


@dataclass(frozen=True)
class Town:
    """An organization with two sites that are billed."""

    organization: identity_models.Organization
    here: Billed
    there: Billed

    def clerk(self, role: RoleCode = RoleCode.BILLING_CLERK) -> identity_models.User:
        return identity.user(organization=self.organization, role=role, site_id=self.here.place.site.pk)

    def path(self, name: str, *more: object) -> str:
        return reverse(name, args=[self.organization.public_id, *more])


def billed(organization: identity_models.Organization, *, name: str, landlord: str) -> Billed:
    place = billing.place(
        organization=organization, landlord=landlord, raw={**billing.document(), "code": f"T-{landlord}"}
    )
    meter = billing.shop(place, name=name, days=FEBRUARY)
    run = billing.issued(place, first_day=FEBRUARY.first_day, until_day=FEBRUARY.until_day)
    owner = {"organization_id": organization.pk}
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        site_models.Site.objects.filter(pk=place.site.pk, **owner).update(name=f"{name} Quay")
        contract = customer_models.Contract.objects.select_related("account__customer").get(
            meter_point=meter.point, **owner
        )
        (row,) = billing_queries.run_bills(run_public_id=run.public_id).rows
        posted = ledger_queries.statement(contract.account.receivable_id).rows[0].transaction_public_id
        at = clock.now()
        # Somebody else asked for the files before: they are kept, and no wall limits them by itself.
        bill = row.bill_public_id or run.public_id
        assert billing_operations.issue_pdf(actor=identity.ACTOR, at=at, bill=bill) is not None
        (print_file,) = billing_operations.print_bills(
            actor=identity.ACTOR, at=at, run=run.public_id, is_everything=True
        )
        paper = customer_records.add_file(
            actor=identity.ACTOR,
            at=at,
            customer=contract.account.customer.public_id,
            name="contract.pdf",
            content=b"%PDF-1.4 signed",
        )
    billing_operations.make_print_file(
        organization_id=organization.pk, actor=identity.ACTOR, at=at, print_id=print_file.public_id
    )
    return Billed(
        place,
        run,
        {
            "run": run.public_id,
            "bill": bill,
            "own_bill": bill,
            "assigned_bill": bill,
            "print_file": print_file.public_id,
            "paper": paper.public_id,
            "account": contract.account.public_id,
            "customer": contract.account.customer.public_id,
            "contract": contract.public_id,
            "tariff": place.tariff.public_id,
            "transaction": posted,
            "site": place.site.public_id,
            "meter": meter.point.public_id,
            "point": 0,
            "charge": 0,
            "line": 0,
        },
    )
