"""Two meters of one organization, one English and one Spanish: bills, mails and Telegram messages differ (M-012)."""

from __future__ import annotations

import io
import uuid
from collections.abc import Iterator
from datetime import timedelta

import pypdf
import pytest

from meterbook.alarms import operations as alarm_operations
from meterbook.alarms.values import AlarmKind
from meterbook.billing import operations as billing_operations
from meterbook.billing import queries as billing_queries
from meterbook.documents import queries as document_queries
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.journeys import changing_zones
from meterbook.kernel import clock
from meterbook.notifications import models
from meterbook.notifications.values import ChannelKind, DestinationState, OwnerKind, Severity
from meterbook_lab import mail_server, telegram_server
from tests.factories import acquisition, billing, customers, everything, identity, metering, notifications
from tests.factories.notifications import ACTOR, AT, TOKEN


@pytest.fixture
def smtp() -> Iterator[mail_server.MailServer]:
    with notifications.open_network(), mail_server.running(mail_server.MailServer()) as running:
        yield running


@pytest.fixture
def bot() -> Iterator[telegram_server.TelegramServer]:
    with notifications.telegram(telegram_server.TelegramServer(TOKEN)) as running:
        yield running


def speaking(place: billing.Place, language: str, *, code: str, zone: str | None = None) -> metering.Installed:
    meter = billing.metered(place, code=code)
    with scoping.scope([place.organization.pk], actor=ACTOR):
        changing_zones.change_point(
            actor=ACTOR, at=AT, meter_point=meter.point.public_id, time_zone=zone, language=language
        )
    return meter


@pytest.mark.spec("M-012/1")
def test_bills_mails_and_chats_are_in_the_language_of_the_meter(
    smtp: mail_server.MailServer, bot: telegram_server.TelegramServer
) -> None:
    place = billing.place()
    organization = place.organization
    notifications.mail_channel(organization, smtp.port)
    notifications.telegram_channel(organization)
    for language in ("en", "es"):
        for channel, chat in ((ChannelKind.MAIL, f"{language}@example.com"), (ChannelKind.TELEGRAM, "4711")):
            meter = speaking(place, language, code=f"MP-{language}-{channel}")
            billing.count(meter.energy, everything.START, everything.END + timedelta(days=1))
            # All customers read English: the meter decides.
            account = customers.account(
                organization=organization, site=place.site, email=f"{language}@example.com", language="en"
            )
            customers.contract(account=account, point=meter.point, tariff=place.tariff, starts_at=everything.START)
            reach(organization, account.public_id, channel, chat)

    run = billing.issued(place, first_day=everything.FIRST, until_day=everything.UNTIL)
    at = everything.END + timedelta(days=5)
    with clock.use(clock.SettableClock(at)):
        acquisition.deliver(organization.pk)
    notifications.deliver(organization, at)

    subjects = {each.recipient: each.message["Subject"] for each in smtp.mails}
    assert subjects["en@example.com"].startswith("Bill ")
    assert subjects["es@example.com"].startswith("Factura ")
    chats = sorted(each["text"].split()[0] for each in bot.sent)
    assert chats == ["Bill", "Factura"]
    texts = {}
    with scoping.scope([organization.pk], actor=ACTOR):
        for row in billing_queries.issued_bills(run_public_id=run.public_id, after=0, through=100):
            code = billing_queries.get_bill(public_id=row.public_id).content["meter_points"][0]["code"]
            file = billing_operations.issue_pdf(actor=ACTOR, at=at, bill=row.public_id)
            assert file is not None
            _row, content = document_queries.file_content(public_id=file.public_id)
            texts[code] = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    assert {code: "Factura" in text for code, text in texts.items()} == {code: "-es-" in code for code in texts}
    assert len(texts) == 4


def reach(organization: identity_models.Organization, account: uuid.UUID, channel: ChannelKind, address: str) -> None:
    """As if the customer had confirmed it."""
    with scoping.scope([organization.pk], actor=ACTOR):
        recipient = models.Recipient.objects.create(
            organization_id=organization.pk,
            owner_kind=OwnerKind.CUSTOMER,
            owner_key=str(account),
            preferred_channel=channel,
            language="en",
        )
        models.Destination.objects.create(
            organization_id=organization.pk,
            recipient=recipient,
            channel_kind=channel,
            address=address,
            state=DestinationState.CONFIRMED,
            confirmed_at=AT,
        )


@pytest.mark.spec("M-012/1")
def test_an_alarm_speaks_as_its_meter_and_tells_its_time(
    smtp: mail_server.MailServer, bot: telegram_server.TelegramServer
) -> None:
    """A language that is set at the meter comes before the reader's own; without one the reader's own counts."""
    place = billing.place()
    organization = place.organization
    notifications.mail_channel(organization, smtp.port)
    notifications.telegram_channel(organization)
    by_mail, by_chat = identity.user(organization=organization), identity.user(organization=organization)
    identity_models.User.objects.filter(pk=by_mail.pk).update(language="en")
    notifications.confirmed_mail(organization, by_mail)
    notifications.confirmed_chat(organization, by_chat)
    notifications.preferences(organization, by_mail, alarm_severity=Severity.WARNING)
    notifications.preferences(
        organization, by_chat, alarm_severity=Severity.WARNING, preferred_channel=ChannelKind.TELEGRAM
    )
    plain = billing.metered(place)
    for meter in (speaking(place, "es", code="MP-es", zone="America/Mexico_City"), plain):
        with scoping.scope([organization.pk], actor=ACTOR):
            alarm_operations.raise_alarm(
                actor=ACTOR,
                at=AT,
                kind=AlarmKind.METER_SILENT,
                site=place.site,
                subject_kind="meter",
                subject_id=uuid.uuid4(),
                details={"name": "Shop 12", "reason": "No answer", "point_id": str(meter.point.public_id)},
            )
    acquisition.deliver(organization.pk)
    notifications.deliver(organization, clock.now())

    mails = {str(each.message["Subject"]): each for each in smtp.to(by_mail.email)}
    assert set(mails) == {"Alarma: Shop 12 no responde", "Alarm: Shop 12 is silent"}
    told = mails["Alarma: Shop 12 no responde"].message.get_body(("plain",))
    assert told is not None
    assert "4:00" in told.get_content()  # at the meter; 11:00 at the site
    assert sorted(each["text"].split(":")[0] for each in bot.sent) == ["Alarm", "Alarma"]
