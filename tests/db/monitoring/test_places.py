"""The palette's search: by name or number, exact numbers first, only what one may see and only at one's sites."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.monitoring import queries
from meterbook.monitoring.queries import Place, PlaceKind
from meterbook.sites import values as site_values
from tests.factories import acquisition, billing, customers, identity, metering, sites

EVERYWHERE = dict.fromkeys(PlaceKind)


def found(
    organization: identity_models.Organization, words: str, kinds: dict[PlaceKind, frozenset[int] | None] = EVERYWHERE
) -> list[Place]:
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        return queries.find_places(words=words, kinds=kinds)


def titles(places: list[Place]) -> list[str]:
    return [each.title for each in places]


class TestFindPlaces:
    def test_finds_each_kind(self) -> None:
        place = billing.place(code="HR")
        billing.shop(place, name="Calder Bakery", days=billing.FEBRUARY)
        billing.issued(place, first_day=billing.FEBRUARY.first_day, until_day=billing.FEBRUARY.until_day)
        organization = place.organization
        identity.user(organization=organization, name="Inés Calder")
        site = sites.site(organization=organization, name="Calder Court", code="CC")
        sites.node(site=site, kind=site_values.NodeKind.UNIT, code="C-7", name="Calder kiosk")
        acquisition.bus(site=site, name="Calder cellar")
        metering.installed_meter(organization=organization, site=site, name="Calder main")
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            (bill,) = queries.find_places(words="1", kinds={PlaceKind.BILL: None})

        kinds = {each.kind for each in found(organization, "calder")}
        by_number = found(organization, bill.title.lower())

        assert kinds >= {
            PlaceKind.METER,
            PlaceKind.ACCOUNT,
            PlaceKind.UNIT,
            PlaceKind.SITE,
            PlaceKind.GATEWAY,
            PlaceKind.PERSON,
        }
        assert [(each.kind, each.rank) for each in by_number] == [(PlaceKind.BILL, 0)]
        assert PlaceKind.RUN in {each.kind for each in found(organization, "2026-02")}
        assert PlaceKind.TARIFF in {each.kind for each in found(organization, place.tariff.code)}

    def test_puts_the_exact_number_first(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        for number in ("A-11", "A-1", "A-111"):
            customers.account(organization=organization, site=site, number=number)

        places = found(organization, "a-1", {PlaceKind.ACCOUNT: None})

        assert [each.rank for each in places] == [0, 1, 1]
        assert places[0].detail.startswith("A-1 ")

    @pytest.mark.parametrize("words", ["panaderia sol", "SOL panad", "  sol  "])
    def test_takes_parts_of_words_in_any_order_without_accents(self, words: str) -> None:
        organization = identity.organization()
        customers.account(organization=organization, site=sites.site(organization=organization), name="Panadería Sol")

        assert titles(found(organization, words)) == ["Panadería Sol"]

    @pytest.mark.parametrize("words", ["%", "_", "\\", "'", "a" * 100, "\U0010ffff", "1" * 30, "{0}", "%(asked)s"])
    def test_takes_any_sign_for_itself(self, words: str) -> None:
        organization = identity.organization()
        customers.account(organization=organization, site=sites.site(organization=organization))

        assert found(organization, words) == []

    @pytest.mark.spec("M-002/2")
    def test_keeps_to_the_sites_that_are_given(self) -> None:
        organization = identity.organization()
        ours, theirs = (sites.site(organization=organization, name=name) for name in ("Ours", "Theirs"))
        for site in (ours, theirs):
            customers.account(organization=organization, site=site, name=f"Bakery {site.name}")
            metering.installed_meter(organization=organization, site=site, name=f"Bakery meter {site.name}")
            sites.node(site=site, name=f"Bakery house {site.name}")

        narrowed = {kind: frozenset({ours.pk}) for kind in PlaceKind}

        assert {each.title for each in found(organization, "bakery", narrowed)} == {
            "Bakery Ours", "Bakery meter Ours", "Bakery house Ours"
        }  # fmt: skip
        assert found(organization, "theirs", narrowed) == []

    def test_never_finds_another_organization(self) -> None:
        other = identity.organization()
        customers.account(organization=other, site=sites.site(organization=other), name="Secret Bakery")

        assert found(identity.organization(), "secret") == []

    def test_asks_once(self) -> None:
        organization = identity.organization()

        with CaptureQueriesContext(connection) as asked:
            found(organization, "x")

        assert len([each for each in asked if "sites_site" in each["sql"]]) == 1
