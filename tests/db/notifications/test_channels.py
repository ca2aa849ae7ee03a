"""Secrets are written, never read back."""

from __future__ import annotations

import pytest

from meterbook.audit import models as audit_models
from meterbook.foundation import scoping
from meterbook.notifications import models, operations, queries
from meterbook.notifications.values import ChannelKind
from tests.factories import identity, notifications
from tests.factories.notifications import ACTOR, AT, TOKEN


class TestSecret:
    @pytest.mark.spec("X-16/1")
    def test_is_neither_in_the_audit_trail_nor_in_any_row_nor_in_a_query(self) -> None:
        organization = identity.organization()
        notifications.mail_channel(organization, 2525, user="harbor")
        notifications.telegram_channel(organization)

        with scoping.scope([organization.pk], actor=ACTOR):
            entries = [
                f"{each.before} {each.after} {each.subject_label}"
                for each in audit_models.AuditEntry.objects.filter(organization_id=organization.pk)
            ]
            rows = [str(vars(each)) for each in models.Channel.objects.filter(organization_id=organization.pk)]
            shown = [repr(queries.get_channel(kind=kind)) for kind in ChannelKind]
        for text in [*entries, *rows, *shown]:
            assert notifications.PASSWORD not in text
            assert TOKEN not in text
        assert any("is_secret_replaced" in each for each in entries)

    def test_is_not_handed_to_another_server_unseen(self) -> None:
        organization = identity.organization()
        notifications.mail_channel(organization, 2525, user="harbor")

        with scoping.scope([organization.pk], actor=ACTOR), pytest.raises(operations.SecretNeeded):
            operations.set_mail(
                actor=ACTOR,
                at=AT,
                settings=notifications.mail_settings(2526, user="harbor"),
                password=None,
            )
