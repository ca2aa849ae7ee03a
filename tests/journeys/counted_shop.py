"""A shop whose February was billed, and two people who correct what its meter counted."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.test import Client
from django.urls import reverse

from meterbook.billing import models as billing_models
from meterbook.billing.operations import correction_rules
from meterbook.billing.queries import corrections as correction_queries
from meterbook.foundation import scoping
from meterbook.kernel.period import Period
from meterbook.metering import models, queries
from meterbook.metering.validation.inputs import CorrectionKind
from tests.factories import billing, corrections, identity, meter_assets
from tests.support import pages

NOW = corrections.LATER + timedelta(days=1)
TESTED = date(2026, 3, 10)
DAYS = billing.FEBRUARY
WHOLE = {"starts_at": "2026-02-01T00:00", "ends_at": "2026-03-01T00:00"}
QUARTERS = (DAYS.ends_at - DAYS.starts_at) // billing.STEP


class Shop:
    """A bakery whose February was billed: 0.25 kWh a quarter; and two people who may correct."""

    def __init__(self) -> None:
        self.made = corrections.billed(billing.place(code="HR"))
        self.organization = self.made.place.organization
        self.meter = self.made.meters[0]
        self.maker, self.checker = pages.signed_in(self.organization), pages.signed_in(self.organization)

    def at(self, route: str, *more: object) -> str:
        return reverse(route, args=[self.organization.public_id, self.meter.point.public_id, *more])

    def failed(self, number: str = "-3", **more: Any) -> models.MeterTest:  # noqa: ANN401
        return meter_assets.calibrated(
            self.meter,
            **{
                "on": TESTED,
                "last_day": None,
                "is_passed": False,
                "with_certificate": True,
                "certificate_number": "C-9",
                "error": Decimal(number),
                **more,
            },
        )

    def send(self, route: str, *more: object, client: Client | None = None, **given: str) -> Any:  # noqa: ANN401
        answer = (client or self.maker).post(self.at(route, *more), given, follow=True)
        corrections.derive(self.made, at=NOW)
        return answer

    def rows(self, model: Any, **more: object) -> list[Any]:  # noqa: ANN401
        with scoping.scope([self.made.owner], actor=identity.ACTOR):
            return list(model.objects.filter(organization_id=self.made.owner, **more).order_by("id"))

    def approve(self, verdict: str = "approve", client: Client | None = None) -> str:
        (waiting,) = self.rows(models.CorrectionProposal, state="WAITING")
        answer = self.send("correction_decide", waiting.public_id, client=client or self.checker, verdict=verdict)
        found: str = answer.content.decode()
        return found

    def fact(self, kind: CorrectionKind) -> models.Correction:
        found: models.Correction = self.rows(models.Correction, kind=kind)[-1]
        return found

    def counted(self) -> int:
        """What February counts now, in 0.001 kWh."""
        with scoping.scope([self.made.owner], actor=identity.ACTOR):
            (row,) = queries.list_series(meter_point_ids=[self.meter.point.pk])
            return queries.get_intervals(series=row, period=Period(DAYS.starts_at, DAYS.ends_at)).total


def words(answer: Any) -> str:  # noqa: ANN401
    found: str = answer.content.decode()
    return found


def total(shop: Shop, name: str = "Bakery") -> Decimal:
    """The total of the standing bill of a shop."""
    bills = shop.rows(billing_models.Bill, account__customer__name=name, credit_note__isnull=True)
    with scoping.scope([shop.made.owner], actor=identity.ACTOR):
        return billing_models.BillDraft.objects.get(organization_id=shop.made.owner, pk=bills[-1].draft_id).total


def limit(shop: Shop, months: int) -> None:
    """This will let more be asked for so many months back only."""
    with scoping.scope([shop.made.owner], actor=identity.ACTOR):
        correction_rules.change_rules(
            actor=identity.ACTOR, at=NOW, rules=correction_queries.Rules(back_billing_months=months)
        )
