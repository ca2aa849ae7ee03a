"""While nobody chose to hear of alarms, administrators do: in their language, unless they refuse or it is off."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from meterbook.alarms import operations as alarm_operations
from meterbook.alarms.values import AlarmKind
from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.notifications import links, models, operations
from meterbook.notifications.values import Kind, Severity
from meterbook.sites import models as site_models
from meterbook_lab import mail_server
from tests.factories import acquisition, identity, notifications, sites
from tests.factories.notifications import ACTOR, AT


class Place:
    """An organization with mail, a site in Madrid, an administrator and a manager."""

    def __init__(self, smtp: mail_server.MailServer) -> None:
        self.smtp = smtp
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization, time_zone="Europe/Madrid")
        notifications.mail_channel(self.organization, smtp.port)
        self.admin = self.person(RoleCode.ORGANIZATION_ADMIN)
        self.manager = self.person(RoleCode.MANAGER)

    def person(self, role: RoleCode, site: site_models.Site | None = None) -> identity_models.User:
        return identity.user(organization=self.organization, role=role, site_id=None if site is None else site.pk)

    def told(self, kind: AlarmKind = AlarmKind.METER_SILENT) -> list[str]:
        """Who is told of one more alarm at the site."""
        before = len(self.smtp.mails)
        with scoping.scope([self.organization.pk], actor=ACTOR):
            alarm_operations.raise_alarm(
                actor=ACTOR,
                at=AT,
                kind=kind,
                site=self.site,
                subject_kind="meter",
                subject_id=uuid.uuid4(),
                details={"name": "Shop 12", "reason": "No answer"},
            )
        acquisition.deliver(self.organization.pk)
        notifications.deliver(self.organization, clock.now())
        return sorted(each.recipient for each in self.smtp.mails[before:])

    def default(self, severity: Severity) -> None:
        with scoping.scope([self.organization.pk], actor=ACTOR):
            operations.set_alarm_default(actor=ACTOR, at=AT, severity=severity)


@pytest.fixture
def place() -> Iterator[Place]:
    with notifications.open_network(), mail_server.running(mail_server.MailServer()) as running:
        yield Place(running)


@pytest.mark.spec("M-024/5")
def test_administrators_are_told_at_their_sign_in_address_in_their_language(place: Place) -> None:
    identity_models.User.objects.filter(pk=place.admin.pk).update(language="es")

    assert place.told() == [place.admin.email]

    message = place.smtp.mails[0].message
    assert message["Subject"] == "Alarma: Shop 12 no responde"
    assert message["List-Unsubscribe"]
    with scoping.scope([place.organization.pk], actor=ACTOR):
        found = models.Recipient.objects.get(organization_id=place.organization.pk, user_id=place.admin.pk)
    assert (found.zone, found.has_chosen) == ("Europe/Madrid", False)


def test_one_who_chose_is_told_in_their_place_where_it_may_be_seen(place: Place) -> None:
    elsewhere = sites.site(organization=place.organization)
    far = place.person(RoleCode.INTEGRATOR, elsewhere)
    notifications.confirmed_mail(place.organization, far)
    notifications.preferences(place.organization, far, alarm_severity=Severity.INFO)
    assert place.told() == [place.admin.email]

    notifications.confirmed_mail(place.organization, place.manager)
    notifications.preferences(place.organization, place.manager, alarm_severity=Severity.CRITICAL)

    assert place.told() == []
    assert place.told(AlarmKind.BUS_SILENT) == [place.manager.email]


def test_one_who_chose_but_confirmed_no_address_does_not_keep_alarms_from_everybody(place: Place) -> None:
    notifications.preferences(place.organization, place.manager, alarm_severity=Severity.INFO)
    notifications.preferences(place.organization, place.admin, alarm_severity=Severity.CRITICAL)

    assert place.told() == []
    assert place.told(AlarmKind.BUS_SILENT) == [place.admin.email]


def test_who_refuses_is_not_told_though_nobody_else_is(place: Place) -> None:
    second, third = (place.person(RoleCode.ORGANIZATION_ADMIN) for _each in range(2))
    notifications.preferences(place.organization, second, alarm_severity=Severity.NONE)
    assert place.told() == sorted([place.admin.email, third.email])

    with scoping.scope([place.organization.pk], actor=ACTOR):
        recipient = models.Recipient.objects.get(organization_id=place.organization.pk, user_id=place.admin.pk)
        link = links.StopLink(place.organization.pk, recipient.public_id, Kind.ALARM_RAISED)
        operations.unsubscribe(actor=ACTOR, at=AT, link=link)

    assert place.told() == [third.email]


def test_it_can_be_changed_and_switched_off(place: Place) -> None:
    place.default(Severity.CRITICAL)
    assert place.told() == []
    assert place.told(AlarmKind.BUS_SILENT) == [place.admin.email]

    place.default(Severity.NONE)
    place.default(Severity.NONE)

    assert place.told(AlarmKind.BUS_SILENT) == []
    with scoping.scope([place.organization.pk], actor=ACTOR):
        entries = audit_models.AuditEntry.objects.filter(
            organization_id=place.organization.pk, action="notifications:set_alarm_default"
        )
        assert [each.after["severity"] for each in entries.order_by("id")] == ["CRITICAL", "NONE"]


def test_former_administrators_are_not_told(place: Place) -> None:
    identity_models.User.objects.filter(pk=place.admin.pk).update(is_active=False)

    assert place.told() == []
