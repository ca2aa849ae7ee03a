"""An organization that has used everything: rows in every table that belongs to an organization."""

from __future__ import annotations

import io
import uuid
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from PIL import Image

from meterbook.acquisition import operations as acquisition_operations
from meterbook.alarms import models as alarm_models
from meterbook.audit import checks as audit_checks
from meterbook.billing import legal_profiles
from meterbook.billing import models as billing_models
from meterbook.billing import operations as billing_operations
from meterbook.customers import granularity, records, sign_ins, tariff_defaults, tenancies
from meterbook.customers import models as customer_models
from meterbook.customers.values import ConsentKind, Granularity, LookWay
from meterbook.documents import certificates, chain, registering, templates
from meterbook.documents import logos as document_logos
from meterbook.documents import numbering as document_numbering
from meterbook.documents import operations as document_operations
from meterbook.documents import values as document_values
from meterbook.documents.rendering import looks
from meterbook.fieldwork import operations as fieldwork_operations
from meterbook.foundation import scoping
from meterbook.identity import api_access, api_keys, invitations, saved_views
from meterbook.identity import models as identity_models
from meterbook.identity import operations as identity_operations
from meterbook.identity import values as identity_values
from meterbook.journeys import drafts as journey_drafts
from meterbook.journeys import operations as journey_operations
from meterbook.journeys.accounts import exporting as account_exporting
from meterbook.journeys.accounts import files as account_files
from meterbook.journeys.building import files as building_files
from meterbook.journeys.values import JourneyKind
from meterbook.kernel.actor import Actor
from meterbook.metering import models as metering_models
from meterbook.metering import operations as metering_operations
from meterbook.metering import values as metering_values
from meterbook.metering.estimating.inputs import Method
from meterbook.metering.validation.inputs import CorrectionKind
from meterbook.monitoring import line_health
from meterbook.notifications import operations as notification_operations
from meterbook.notifications import values as notification_values
from meterbook.sites import operations as site_operations
from meterbook.sites import values as site_values
from meterbook.tariffs import sources as tariff_sources
from meterbook.tariffs.rating.tax_points import TaxPoint
from tests.factories import (
    acquisition,
    audit,
    billing,
    buildings,
    calendars,
    commissioning,
    corrections,
    customers,
    fieldwork,
    gateways,
    identity,
    imports,
    issued,
    meter_assets,
    meter_types,
    metering,
    monitoring,
    mqtt,
    notifications,
    overrides,
    pools,
    rules,
    senders,
    services,
    whatif,
)

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
    corrections.story(made)
    whatif.priced(made)
    whatif.started(made)
    pools.divided(made)
    pools.invoiced(made)
    pools.proposed(made)
    services.known_area(made)
    _read(place)
    _administer(place)
    _place(place)
    _know(place)
    _work(place)
    # A mark that no job has taken yet, and an entry that waits for its seal.
    audit.seal(made)
    with scoping.scope([made.pk], actor=ACTOR):
        audit_checks.ask_for_check(actor=ACTOR, at=END)
    rules.calendar_of(made)
    _price(place)
    _spoil(place)
    _tell(made)
    return made


def _price(place: billing.Place) -> None:
    with scoping.scope([place.organization.pk], actor=ACTOR):
        tariff_sources.put_prices(
            actor=ACTOR, at=END, code="hourly", name="Spot", step=60, start=START, prices=[Decimal("0.1")]
        )


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
    calendars.begun(place, account, run)


def _read(place: billing.Place) -> None:
    device = acquisition.device(organization=place.organization, on=acquisition.bus(site=place.site))
    acquisition.request(device)
    _push(place)
    acquisition.probe(place.site)
    commissioning.found_meter(place.organization)
    meter_types.published(place.organization)
    senders.sending(site=place.site, organization=place.organization)
    mqtt.heard_meter(organization=place.organization, on=mqtt.broker(site=place.site, port=1883), text="power: /p W")
    with scoping.scope([place.organization.pk], actor=ACTOR):
        acquisition_operations.note_device_silence(
            actor=ACTOR, at=END, device_id=device.pk, failures=10, since=START, problem=acquisition.TIMEOUT
        )
        tally = acquisition_operations.Tally(device_id=device.pk, hour=START, asked=4, failed=1)
        acquisition_operations.add_tallies(actor=ACTOR, at=END, tallies=[tally])
        frame = acquisition_operations.FrameToKeep(device.pk, START, "0103", "0103020001", took_ms=12)
        acquisition_operations.keep_frames(actor=ACTOR, at=END, frames=[frame])
        hour = line_health.HourOfLine(device.bus_id, device.pk, START, asked=1, answered=1)
        line_health.add_hours(actor=ACTOR, at=END, hours=[hour])
    acquisition.deliver(place.organization.pk)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        assert alarm_models.Alarm.objects.filter(organization_id=place.organization.pk).exists()


def _push(place: billing.Place) -> None:
    meter = metering.installed_meter(organization=place.organization, site=place.site)
    gateway = gateways.gateway(site=place.site, meters=[meter])
    gateways.carried(gateway, mqtt.broker(site=place.site, port=1884, name="Carrier"))
    sender = gateways.enrolled(gateway)
    for _ in range(2):
        assert sender.send([gateways.group(meter, [(END, 1)])], sequence=1).status_code == 200


def _administer(place: billing.Place) -> None:
    user = identity.user(organization=place.organization)
    identity.delegation(landlord=place.organization, manager=identity.organization(name="Acme Management"))
    with scoping.scope([place.organization.pk], actor=ACTOR):
        saved_views.save_view(user_id=user.pk, page="meters", name="Silent", query="state=silent")
        invitations.invite(
            actor=identity.actor(user),
            at=START,
            email="somebody@meterbook.example",
            role=identity_values.RoleCode.MONITOR,
        )
        api_keys.create_key(actor=identity.actor(user), at=START, name="Accounting", permissions=["sites:view"])
        answer = api_access.Answer(fingerprint="0", status=201, media_type="application/json", body=b"{}")
        api_access.keep_answer(caller="key:1", token="1", answer=answer, real_at=START)
        identity_operations.create_role(actor=ACTOR, at=START, name="Reader", permissions=["sites:view"])
        head = document_values.LetterheadFacts(tax_number="B-1")
        document_operations.change_letterhead(actor=ACTOR, at=START, facts=head)
        document_logos.set_logo(actor=ACTOR, at=START, content=_picture(32))
        bills = document_values.DocumentKind.BILL
        document_numbering.plan_series(
            actor=ACTOR, at=START, kind=bills, place="HR", year=2027, prefix="HR.27", first_number=1
        )
        _documents(place)
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


def _documents(place: billing.Place) -> None:
    """Templates in force and in writing, a picture of the site, a certificate, a document taken back, a sealed day."""
    templates.save_draft(actor=ACTOR, at=START, site_id=None, look=looks.Look(accent="#1d3b8b"))
    templates.activate(actor=ACTOR, at=START, site_id=None)
    templates.save_draft(actor=ACTOR, at=START, site_id=place.site.public_id, look=looks.Look())
    document_logos.set_own_logo(
        actor=ACTOR,
        at=START,
        owner=document_values.LogoOwner.SITE,
        owner_id=place.site.public_id,
        content=_picture(48),
    )
    certificates.ensure(actor=ACTOR, at=START)
    credited = issued.new_document(uuid.uuid4())
    registering.register(at=START, documents=[credited])
    registering.mark(actor=ACTOR, at=START, source_id=credited.source_id, mark=document_values.Mark.HIDDEN)
    chain.seal_days(at=END + timedelta(days=1))


def _place(place: billing.Place) -> None:
    """A place that was moved, with a photo and an own field; a meter that was moved into it; a workbook that waits."""
    given = {"actor": ACTOR, "at": END}
    meter = billing.metered(place)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        floor, unit = (
            site_operations.create_node(**given, site=place.site, kind=kind, code=kind[0], name="Place")
            for kind in (site_values.NodeKind.FLOOR, site_values.NodeKind.UNIT)
        )
        site_operations.move_node(**given, node=unit.public_id, parent=floor.public_id, moved_at=START)
        site_operations.add_photo(**given, node=unit.public_id, content=b"picture", media_type="image/jpeg")
        site_operations.declare_field(**given, name="Keys", kind=site_values.FieldType.NUMBER)
        metering_operations.move_point(**given, meter_point=meter.point.public_id, node=unit.public_id, moved_at=START)
        building_files.upload_workbook(**given, content=buildings.building(), name="building.xlsx")


def _tell(organization: identity_models.Organization) -> None:
    """A message that its server did not take, because there is none."""
    notifications.mail_channel(organization, 2525)
    with scoping.scope([organization.pk], actor=ACTOR):
        severity = notification_values.Severity.CRITICAL
        notification_operations.set_alarm_default(actor=ACTOR, at=END, severity=severity)
    notifications.send(organization, notification_values.To.address("ann@example.com", language="en"))
    notifications.deliver(organization)


def _picture(side: int) -> bytes:
    drawn = io.BytesIO()
    Image.new("RGB", (side, side)).save(drawn, "PNG")
    return drawn.getvalue()


def _work(place: billing.Place) -> None:
    """A job, and a swap test with a photo."""
    fieldwork.job(place.site)
    test = fieldwork.decided(place.organization)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        fieldwork_operations.keep_swap_photo(actor=ACTOR, at=END, swap_test=test, content=_picture(32))
    acquisition.deliver(place.organization.pk)


def _know(place: billing.Place) -> None:
    """A customer with everything beside it, and a move with a picture."""
    account = customers.account(organization=place.organization, site=place.site, name="Zoe Berg")
    given = {"actor": ACTOR, "at": START, "customer": account.customer.public_id}
    tenant = identity.user(organization=place.organization, role=None, name="Zoe Berg")
    with scoping.scope([place.organization.pk], actor=ACTOR):
        records.add_contact(**given, facts=records.ContactFacts("Ana Ruiz"))
        records.note_vulnerability(**given, is_medical=True, reason="oxygen", until_date=UNTIL)
        records.give_consent(**given, kind=ConsentKind.MESSAGES, text_version="1")
        sign_ins.link_user(actor=ACTOR, at=START, account=account.public_id, user_id=tenant.pk)
        legal_profiles.change_tax_point(actor=ACTOR, at=START, tax_point=TaxPoint.INVOICE, site=place.site.public_id)
        granularity.set_privacy(
            actor=ACTOR,
            at=START,
            site=place.site.public_id,
            dwellings=Granularity.INTERVAL,
            commercial=Granularity.INTERVAL,
        )
        paying = customer_models.Contract.objects.filter(organization_id=place.organization.pk).order_by("id")[:1]
        granularity.note_look(
            actor=ACTOR, at=START, contract_ids=[each.pk for each in paying], day=FIRST, way=LookWay.PAGE
        )
        tariff_defaults.set_default(
            actor=ACTOR,
            at=START,
            group=tariff_defaults.Group(metering_values.Service.ELECTRICITY, place.site.public_id),
            tariff=place.tariff.public_id,
            first_day=FIRST,
        )
        records.add_file(**given, name="contract.pdf", content=b"%PDF-1.7")
        tenancies.agree_deposit(
            actor=ACTOR, at=START, account=account.public_id, amount=Decimal(100), agreed_date=FIRST
        )
        journey = journey_operations.start_journey(actor=ACTOR, at=START, kind=JourneyKind.MOVE_IN)
        journey_drafts.keep_draft(actor=Actor.user(1, "factory"), at=START, step="site", typed={"name": "Elm"})
        account_files.upload_workbook(actor=ACTOR, at=START, content=account_exporting.template(), name="accounts.xlsx")
        journey_operations.keep_picture(
            actor=ACTOR,
            at=START,
            journey=journey.public_id,
            about=uuid.uuid4(),
            name="meter.png",
            content=_picture(8),
        )
        contract = paying.select_related("account", "tariff", "meter_point__site")[0]
    overrides.ask(contract, billing.tariff(organization=place.organization, raw=billing.document() | {"code": "OTHER"}))


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
        metering_operations.set_estimating_order(actor=ACTOR, at=END, site_id=None, methods=[Method.PEERS])
        # Also leaves days that are to be checked again.
        metering_operations.set_thresholds(actor=ACTOR, at=END, site_id=None, service="", given={"zero_days": "2"})
        metering_operations.set_minimum_use(
            actor=ACTOR, at=END, meter_point=meter.point.public_id, from_date=START.date(), a_month=1_000
        )
        metering_operations.keep_temperatures(actor=ACTOR, at=END, site_id=place.site.pk, tenths={START.date(): 55})
    _change_late(place, meter)
    metering.photo(meter, at=instant)
    metering.taken(meter, at=instant + timedelta(minutes=7))
    metering.estimate(billing.metered(place), needs_second=True)
    monitoring.day_finding(meter)
    metering.virtual_meter(meter)
    meter_assets.calibrated(meter, with_certificate=True)
    meter_assets.described(meter)


def _change_late(place: billing.Place, meter: metering.Installed) -> None:
    """Days that came out differently after they were over, and an approved draft that was made from such."""
    own = {"organization_id": place.organization.pk}
    with scoping.scope([place.organization.pk], actor=ACTOR):
        metering_models.ChangedDays.objects.create(**own, series=bytes(8), days=bytes(4), changed_at=END)
        draft = billing_models.BillDraft.objects.filter(**own).order_by("id").first()
        billing_models.LateChange.objects.create(
            **own,
            draft_id=draft.pk if draft else 1,
            account=place.landlord,
            meter_point=meter.point,
            first_day=FIRST,
            noted_at=END,
        )
