"""An organization that has used everything: rows in every table that belongs to an organization."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta

from meterbook.acquisition import operations as acquisition_operations
from meterbook.alarms import models as alarm_models
from meterbook.billing import operations as billing_operations
from meterbook.documents import operations as document_operations
from meterbook.documents import values as document_values
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity import operations as identity_operations
from meterbook.identity import saved_views
from meterbook.kernel.actor import Actor
from meterbook.metering import operations as metering_operations
from meterbook.metering.validation.inputs import CorrectionKind
from meterbook.sites import operations as site_operations
from meterbook.sites import values as site_values
from tests.factories import acquisition, audit, billing, customers, identity, imports, metering

ACTOR = Actor.system("factory")
FIRST, UNTIL = date(2026, 10, 1), date(2026, 10, 2)
START = datetime(2026, 9, 30, 22, tzinfo=UTC)  # the first of October in Madrid
END = START + timedelta(days=1)


def organization() -> identity_models.Organization:
    """This will make an organization with a row in every tenant table, as far as operations write it; outside a
    scope.
    """
    made = identity.organization()
    place = billing.place(organization=made)
    _bill(place)
    _read(place)
    _administer(place)
    # A mark that no job has taken yet, and an entry that waits for its seal.
    audit.seal(made)
    _spoil(place)
    return made


def _bill(place: billing.Place) -> None:
    meter = billing.metered(place)
    billing.count(meter.energy, START, END + timedelta(days=1))
    account = customers.account(organization=place.organization, site=place.site)
    customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=START)
    run = billing.issued(place, first_day=FIRST, until_day=UNTIL)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        billing_operations.print_bills(actor=ACTOR, at=END, run=run.public_id)
    # A second run that stops before its bills: drafts.
    billing.advance(billing.plan(place, first_day=UNTIL, until_day=UNTIL + timedelta(days=1)))


def _read(place: billing.Place) -> None:
    device = acquisition.device(organization=place.organization, on=acquisition.bus(site=place.site))
    acquisition.request(device)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        acquisition_operations.note_device_silence(
            actor=ACTOR, at=END, device_id=device.pk, failures=10, since=START, problem=acquisition.TIMEOUT
        )
    acquisition.deliver(place.organization.pk)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        assert alarm_models.Alarm.objects.filter(organization_id=place.organization.pk).exists()


def _administer(place: billing.Place) -> None:
    user = identity.user(organization=place.organization)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        saved_views.save_view(user_id=user.pk, page="meters", name="Silent", query="state=silent")
        identity_operations.create_role(actor=ACTOR, at=START, name="Reader", permissions=["sites:view"])
        site_operations.create_node(
            actor=ACTOR, at=START, site=place.site, kind=site_values.NodeKind.UNIT, code="1", name="Unit 1"
        )
        document_operations.file_document(
            actor=ACTOR,
            at=START,
            kind=document_values.DocumentKind.BILL,
            source_id=uuid.uuid4(),
            name="bill.pdf",
            media_type="application/pdf",
            content=b"%PDF-1.7",
        )
        metering_operations.upload_import_file(
            actor=ACTOR, at=START, name="readings.csv", content=imports.csv_file([("2026-10-01", 1)])
        )


def _spoil(place: billing.Place) -> None:
    """A counter that showed nonsense: a finding, a correction, a conflict, and days that are to be derived again."""
    meter = billing.metered(place)
    billing.count(meter.energy, START, END, without=[START + timedelta(hours=3)])
    instant = START + timedelta(hours=3)
    metering.record(meter.energy, [(instant, 1)])
    billing.derive(place.organization.pk)
    metering.record(meter.energy, [(instant, 2)])
    with scoping.scope([place.organization.pk], actor=ACTOR):
        metering_operations.correct_readings(
            actor=ACTOR,
            at=END,
            series=meter.energy,
            kind=CorrectionKind.EXCLUDE,
            corrected_at=instant,
            reason="the counter showed nonsense",
        )
