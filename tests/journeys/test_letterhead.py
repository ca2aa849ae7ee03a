"""How an organization names itself on bills, changed on its page."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from meterbook.documents import queries as document_queries
from meterbook.documents.values import LetterheadFacts
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from tests.factories import identity
from tests.support import pages


def kept(organization: identity_models.Organization) -> LetterheadFacts:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return document_queries.letterhead(organization_id=organization.pk)


class TestLetterhead:
    @pytest.mark.spec("B-70/1")
    def test_is_kept_and_shown_as_it_is_printed(self) -> None:
        organization = identity.organization()
        client = pages.signed_in(organization, RoleCode.MANAGER)
        href = reverse("letterhead", args=[organization.public_id])
        before = client.get(href).content.decode()
        given = {"tax_number": " B-1 ", "address": " Quay 1 \r\n\r\n08039 Barcelona", "contact": "+34 900"}

        after = client.post(href, given, follow=True).content.decode()

        assert "must also hold your tax number" in before
        assert "The bill head was changed" in after
        assert "<br>Quay 1<br>08039 Barcelona<br>Tax number B-1</p>" in after
        assert kept(organization) == LetterheadFacts("B-1", "Quay 1\n08039 Barcelona", "+34 900")

    def test_loses_nothing_that_was_typed_when_the_address_is_too_long(self) -> None:
        organization = identity.organization()
        href = reverse("letterhead", args=[organization.public_id])

        refused = pages.signed_in(organization).post(href, {"tax_number": "B-1", "address": "a\nb\nc\nd\ne"})

        assert refused.status_code == 422
        shown = refused.content.decode()
        assert "Write it in four lines at most." in shown
        assert 'value="B-1"' in shown
        assert kept(organization) == LetterheadFacts()

    def test_is_found_from_the_runs_by_who_may_change_it(self) -> None:
        organization = identity.organization()
        href = reverse("letterhead", args=[organization.public_id])

        def runs(client: Client) -> str:
            return client.get(reverse("runs", args=[organization.public_id])).content.decode()

        assert href in runs(pages.signed_in(organization, RoleCode.MANAGER))
        assert href not in runs(pages.signed_in(organization, RoleCode.BILLING_CLERK))
