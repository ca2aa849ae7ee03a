"""The tree editor, the settings of a site, and own fields of places through HTTP."""

from __future__ import annotations

import io
import uuid

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from PIL import Image

from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.sites import models as site_models
from meterbook.sites import queries as site_queries
from meterbook.sites.values import NodeKind
from tests.factories import customers, identity, metering, sites
from tests.support import pages

FACTS = {"area_unit": "M2", "capacity_unit": "KW"}


class House:
    """A site with a floor and a shop, and somebody who edits it."""

    def __init__(self, *, language: str = "en") -> None:
        self.organization = identity.organization(language=language)
        self.site = sites.site(organization=self.organization, code="HM")
        self.floor = sites.node(site=self.site, kind=NodeKind.FLOOR, code="F1", name="Floor 1")
        self.other = sites.node(site=self.site, kind=NodeKind.FLOOR, code="F2", name="Floor 2")
        self.shop = sites.node(site=self.site, kind=NodeKind.UNIT, code="U1", name="Shop 1", parent=self.floor)
        self.client = pages.signed_in(self.organization)

    def path(self, name: str, *more: object) -> str:
        return reverse(name, args=[self.organization.public_id, self.site.public_id, *more])

    def editor(self, **query: str) -> str:
        return pages.page(self.client, "site_editor", self.organization, self.site.public_id, **query)

    def post(self, route: str, /, *more: object, client: Client | None = None, **given: object) -> HttpResponse:
        answer: HttpResponse = (client or self.client).post(self.path(route, *more), given)  # type: ignore[assignment]
        return answer

    def nodes(self) -> dict[str, site_queries.NodeRow]:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return {each.code: each for each in site_queries.list_nodes(site_id=self.site.pk)}

    def detail(self, node: site_models.SiteNode) -> site_queries.NodeDetail:
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return site_queries.get_node(public_id=node.public_id)


@pytest.mark.spec("M-001/1")
class TestEditor:
    def test_adds_below_a_place_with_a_code_that_follows(self) -> None:
        house = House()

        page = house.editor(place=str(house.floor.public_id), do="add")
        answer = house.post(
            "place_add", place=house.floor.public_id, name="Shop 2", code="U2", kind="UNIT", area="1,250.5", **FACTS
        )

        assert 'value="U2"' in page
        assert answer.status_code == 302
        assert house.nodes()["U2"].parent_id == house.floor.pk

    def test_keeps_what_was_typed_and_says_what_is_wrong_beside_it(self) -> None:
        house = House()

        answer = house.post(
            "place_add", place=house.floor.public_id, name="Shop again", code="U1", kind="UNIT", area="big", **FACTS
        )

        words = answer.content.decode()
        assert answer.status_code == 422
        assert 'value="Shop again"' in words
        assert "Write a number" in words
        assert '<details class="more-fields" open>' in words
        answer = house.post("place_add", name="Shop again", code="U1", kind="UNIT", **FACTS)
        assert "There is a place “U1” already" in answer.content.decode()

    def test_changes_a_place(self) -> None:
        house = House()

        answer = house.post(
            "place_change", house.shop.public_id, name="Shop 1a", code="U1a", kind="UNIT", headcount="3", **FACTS
        )

        detail = house.detail(house.shop)
        assert answer.status_code == 302
        assert (detail.name, detail.code, detail.facts.headcount) == ("Shop 1a", "U1a", 3)
        assert 'value="Shop 1a"' in house.editor(place=str(house.shop.public_id))

    def test_moves_a_place_and_a_meter_with_a_day(self) -> None:
        house = House()
        meter = metering.installed_meter(organization=house.organization, site=house.site, node=house.floor)
        dropped = house.editor(place=str(house.shop.public_id), do="move", to=str(house.other.public_id))
        page = house.editor(place=str(house.floor.public_id))

        moved = house.post("place_move", house.shop.public_id, parent=house.other.public_id, day="2026-05-15")
        hung = house.client.post(
            reverse("point_move", args=[house.organization.public_id, meter.point.public_id]),
            {"parent": house.shop.public_id, "day": "2026-05-15"},
        )

        assert f'<option value="{house.other.public_id}" selected>' in dropped
        assert meter.point.name in page
        assert (moved.status_code, hung.status_code) == (302, 302)
        assert house.nodes()["U1"].parent_id == house.other.pk
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            meter.point.refresh_from_db()
            assert meter.point.node_id == house.shop.pk

    @pytest.mark.parametrize(
        ("day", "words"),
        [("2999-01-01", "1990 to 2100"), ("2099-01-01", "today or on an earlier day"), ("x", "year-month-day")],
    )
    def test_day_that_cannot_be_is_told_beside_it(self, day: str, words: str) -> None:
        house = House()

        answer = house.post("place_move", house.shop.public_id, parent="top", day=day)

        assert answer.status_code == 422
        assert words in answer.content.decode()

    def test_archives_restores_and_deletes(self) -> None:
        house = House()

        unsure = house.post("place_archive", house.floor.public_id)
        house.post("place_archive", house.floor.public_id, sure="1")

        assert "do=archive" in unsure.headers["Location"]
        assert set(house.nodes()) == {"F2"}
        assert "1 archived place" in house.editor()
        house.post("place_restore", house.floor.public_id)
        assert set(house.nodes()) == {"F1", "F2", "U1"}
        refused = house.client.post(house.path("place_delete", house.floor.public_id), {"sure": "1"}, follow=True)
        assert "Archive it: reports keep it" in refused.content.decode()
        house.post("place_delete", house.shop.public_id, sure="1")
        assert set(house.nodes()) == {"F1", "F2"}

    def test_place_of_another_site_or_organization_is_not_found(self) -> None:
        house, other = House(), House()
        elsewhere = sites.node(site=sites.site(organization=house.organization), code="X1")

        for node in (other.shop, elsewhere):
            assert house.post("place_change", node.public_id, name="x").status_code == 404
            assert house.post("place_archive", node.public_id, sure="1").status_code == 404
            assert house.client.get(house.path("site_editor"), {"place": str(node.public_id)}).status_code == 404
        assert house.client.get(house.path("site_editor"), {"place": "no-id"}).status_code == 404
        assert house.client.get(house.path("site_editor"), {"do": "point", "point": "\x00"}).status_code == 404
        assert house.client.get(house.path("site_editor"), {"do": "nonsense"}).status_code == 200

    def test_who_only_looks_may_not_edit(self) -> None:
        house = House()
        monitor = pages.signed_in(house.organization, RoleCode.MONITOR)

        assert house.post("place_archive", house.shop.public_id, client=monitor, sure="1").status_code == 403
        assert "Edit places" not in pages.page(monitor, "site_tree", house.organization, house.site.public_id)
        assert "Edit places" in pages.page(house.client, "site_tree", house.organization, house.site.public_id)


class TestPhoto:
    def test_is_written_anew_without_metadata(self) -> None:
        house = House()
        noted = Image.Exif()
        noted[0x010E] = "where it was taken"
        stream = io.BytesIO()
        Image.new("RGB", (64, 48), "red").save(stream, "JPEG", exif=noted)
        stream.seek(0)
        stream.name = "photo.jpg"

        house.post("place_photo_add", house.shop.public_id, photo=stream, caption="Front")

        (photo,) = house.detail(house.shop).photos
        answer = house.client.get(house.path("place_photo", photo.public_id))
        assert photo.caption == "Front"
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert b"where it was taken" not in answer.content
        assert not Image.open(io.BytesIO(answer.content)).getexif()
        assert 'alt="Front"' in house.editor(place=str(house.shop.public_id))
        house.post("place_photo_remove", photo.public_id, place=house.shop.public_id)
        assert house.detail(house.shop).photos == ()

    @pytest.mark.parametrize("content", [b"", b"<svg onload='x'/>", b"%PDF-1.7", b"GIF89a"])
    def test_other_files_are_refused_in_words(self, content: bytes) -> None:
        house = House()
        stream = io.BytesIO(content)
        stream.name = "photo.png"

        answer = house.client.post(house.path("place_photo_add", house.shop.public_id), {"photo": stream}, follow=True)

        assert answer.status_code == 200
        assert house.detail(house.shop).photos == ()
        assert "notice" in answer.content.decode()

    def test_of_another_organization_is_not_found(self) -> None:
        house, other = House(), House()

        assert house.client.get(house.path("place_photo", uuid.uuid4())).status_code == 404
        assert house.post("place_photo_add", other.shop.public_id).status_code == 404


class TestSite:
    GIVEN = {"name": "Harbor", "code": "HM", "time_zone": "Europe/Lisbon", "currency": "EUR", "language": "es"}  # noqa: RUF012

    def test_is_changed(self) -> None:
        house = House()
        page = pages.page(house.client, "site_change", house.organization, house.site.public_id)

        answer = house.post("site_change", **self.GIVEN, portfolio="Coast", address="", contacts="Ada\r\n+34 600")

        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            row = site_queries.get_site(public_id=house.site.public_id)
        assert "Days that are on bill runs already stay what they were" in page
        assert answer.status_code == 302
        assert (row.name, row.zone.key, row.portfolio, row.contacts) == (
            "Harbor",
            "Europe/Lisbon",
            "Coast",
            "Ada\n+34 600",
        )

    def test_currency_stays_once_there_are_accounts(self) -> None:
        house = House()
        customers.account(organization=house.organization, site=house.site)

        answer = house.post("site_change", **{**self.GIVEN, "currency": "USD"})

        assert answer.status_code == 422
        assert "it cannot change any more" in answer.content.decode()

    def test_code_of_another_site_is_refused(self) -> None:
        house = House()
        sites.site(organization=house.organization, code="OT")

        answer = house.post("site_change", **{**self.GIVEN, "code": "OT"})

        assert "There is a site “OT” already" in answer.content.decode()


class TestOwnFields:
    def test_stand_in_the_form_of_every_place(self) -> None:
        house = House()
        fields = reverse("place_fields", args=[house.organization.public_id])

        house.client.post(fields, {"name": "Fit-out", "kind": "CHOICE", "choices": "raw\r\nfinished"})
        house.client.post(fields, {"name": "Keys", "kind": "NUMBER"})
        house.post(
            "place_change",
            house.shop.public_id,
            name="Shop 1",
            code="U1",
            kind="UNIT",
            custom_fit_out="raw",
            custom_keys="2.50",
            **FACTS,
        )

        assert dict(house.detail(house.shop).facts.custom) == {"fit_out": "raw", "keys": "2.5"}
        page = house.editor(place=str(house.shop.public_id))
        assert '<option value="raw" selected>' in page
        wrong = house.post(
            "place_change", house.shop.public_id, name="S", code="U1", kind="UNIT", custom_fit_out="gold", **FACTS
        )
        assert wrong.status_code == 422
        house.client.post(reverse("place_field_remove", args=[house.organization.public_id]), {"key": "keys"})
        assert "Keys" not in house.editor(place=str(house.shop.public_id))

    def test_name_twice_and_choice_without_choices_are_told(self) -> None:
        house = House()
        fields = reverse("place_fields", args=[house.organization.public_id])

        empty = house.client.post(fields, {"name": "Fit-out", "kind": "CHOICE"})
        house.client.post(fields, {"name": "Keys", "kind": "NUMBER"})
        twice = house.client.post(fields, {"name": "Keys", "kind": "TEXT"})

        assert "one a line" in empty.content.decode()
        assert "There is a field “Keys” already" in twice.content.decode()
