"""Meter types in the browser: made, changed, compared, given out, taken in, held back where meters count by them."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from django.test import Client

from meterbook.acquisition import catalogue, meter_types, models
from meterbook.acquisition.library import checks, documents
from meterbook.foundation import scoping
from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from meterbook.web.library import sheet
from tests.factories import acquisition, identity, sites
from tests.factories import meter_types as factory


@pytest.fixture
def organization() -> identity_models.Organization:
    return identity.organization()


@pytest.fixture
def client(organization: identity_models.Organization) -> Client:
    found = Client()
    found.force_login(identity.user(organization=organization, role=RoleCode.MANAGER))
    return found


def url(organization: identity_models.Organization, path: str = "") -> str:
    """The address of a page of the library."""
    return f"/o/{organization.public_id}/library/{path}"


def filled(text: str = factory.DOCUMENT, **changes: str) -> dict[str, str]:
    """What a browser sends of the form that shows a document, with some fields typed over."""
    shown = sheet.shown(checks.parse(text, "own.yaml").content)
    data: dict[str, str] = {"spoken": shown.protocol, "base": "0"}
    for form in (shown.head, *shown.rows):
        data |= {field.html_name: str(field.value() or "") for field in form if field.value() not in (None, "", False)}
    return data | changes


def handed_on(response: Any) -> dict[str, str]:  # noqa: ANN401 - of the test client
    """What the page that compares sends when somebody publishes."""
    review = response.context["review"]
    return {"document": review.text, "base": str(review.base), "note": "as in the manual"}


class TestMaking:
    @pytest.mark.spec("M-015/2")
    def test_goes_from_an_empty_form_to_a_type_that_meters_can_have(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        empty = client.get(url(organization, "new-type/"))
        one_more = client.post(url(organization, "new-type/"), filled() | {"do": "add"})
        wrong = client.post(
            url(organization, "new-type/"), filled(**{"r0-scale": "much", "type-name": "T9"}) | {"do": "review"}
        )
        review = client.post(url(organization, "new-type/"), filled() | {"do": "review"})

        published = client.post(url(organization, "publish-type/"), handed_on(review), follow=True)

        assert len(empty.context["sheet"].rows) == 1
        assert len(one_more.context["sheet"].rows) == 3
        assert wrong.status_code == 422
        assert 'value="T9"' in wrong.content.decode()
        assert "Write a number above zero, such as 0.1, 10 or 1/100." in wrong.content.decode()
        assert "Version 1 of “T1” is in use." in published.content.decode()
        with scoping.scope([organization.pk], actor=factory.ACTOR):
            assert meter_types.get_version("own_meter").note == "as in the manual"
            assert catalogue.current().load("own_meter") == documents.validate(factory.DOCUMENT, "own.yaml")
        adding = client.get(f"/o/{organization.public_id}/meters/new/?model=own_meter")
        if adding.status_code == 200:
            assert "own_meter" in adding.content.decode()
        listed = client.get(url(organization, "?own=yes")).content.decode()
        assert "our own, version 1" in listed
        assert "SDM630" not in listed

    def test_copies_a_shipped_type_under_a_free_code(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        copy = client.get(url(organization, "new-type/?from=itron_cyble_gas"))

        assert copy.context["sheet"].head["code"].value() == "itron_cyble_gas_own"
        assert copy.context["sheet"].is_named
        assert "volume.storage1" in copy.content.decode()

    def test_is_done_once_and_goes_back_with_all_that_was_typed(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        review = client.post(url(organization, "new-type/"), filled() | {"do": "review"})

        again = client.post(url(organization, "edit-again/"), handed_on(review))
        for _each in range(2):
            client.post(url(organization, "publish-type/"), handed_on(review))

        assert again.context["sheet"].rows[0]["address"].value() == "10"
        with scoping.scope([organization.pk], actor=factory.ACTOR):
            assert [each.version for each in meter_types.list_versions("own_meter")] == [1]

    def test_says_so_when_somebody_published_meanwhile(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        factory.published(organization)
        path = url(organization, "own_meter/edit/")
        review = client.post(path, filled(**{"r0-address": "20", "base": "1"}) | {"do": "review"})
        factory.published(organization, factory.DOCUMENT.replace("T1", "T2"), base=1)

        late = client.post(url(organization, "publish-type/"), handed_on(review))

        assert late.status_code == 422
        assert "was published by" in late.content.decode()

    @pytest.mark.parametrize("value", ["9" * 5000, "[[\u202e²"], ids=["long", "odd"])
    def test_takes_no_nonsense_and_never_fails(
        self, client: Client, organization: identity_models.Organization, value: str
    ) -> None:
        sound = filled()
        for name in (
            *sound,
            "do",
            "r998-code",
            "type-kept",
            "r0-kept",
            "r0-sentinels",
            "r0-wrap",
            "r0-digits",
            "unit_id",
        ):
            answer = client.post(url(organization, "new-type/"), {**sound, "do": "check", name: value})
            assert answer.status_code in {200, 422}, name
        assert client.post(url(organization, "test-read/"), {**sound, "gateway": value}).status_code == 200
        for name in ("document", "base", "note"):
            given = {"document": factory.DOCUMENT, "base": "0", name: value}
            assert client.post(url(organization, "publish-type/"), given).status_code in {302, 422}, name
            assert client.post(url(organization, "edit-again/"), given).status_code in {200, 302}, name
        assert client.get(url(organization, "new-type/"), {"from": value, "protocol": value}).status_code == 200
        assert client.get(url(organization, "eastron_sdm630/export/"), {"version": value}).status_code == 200


class TestChanging:
    @pytest.mark.spec("M-015/3")
    def test_shows_the_meters_and_refuses_what_they_have_stored_otherwise(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        factory.published(organization)
        hung = factory.hung(organization, site=sites.site(organization=organization))
        path = url(organization, "own_meter/edit/")

        refused = client.post(path, filled(**{"r0-unit": "MWH", "base": "1"}) | {"do": "review"})
        review = client.post(path, filled(**{"r0-scale": "1/10", "base": "1"}) | {"do": "review"})
        client.post(url(organization, "publish-type/"), handed_on(refused))
        client.post(url(organization, "publish-type/"), handed_on(review))

        assert refused.status_code == 422
        assert "would count in MWh instead of kWh; meters that count by it: 1." in refused.content.decode()
        assert "Publish this version" not in refused.content.decode()
        assert hung.point.name in review.content.decode()
        assert "with the next reading" in review.content.decode()
        with scoping.scope([organization.pk], actor=factory.ACTOR):
            newest = meter_types.get_version("own_meter")
        assert (newest.version, newest.model.registers[0].scale.denominator) == (2, 10)
        compared = client.get(url(organization, "own_meter/compare/")).content.decode()
        assert re.search(r"1/100</td>\s*<td><b>1/10</b>", compared)
        shown = client.get(url(organization, "own_meter/"))
        assert hung.point.name in shown.content.decode()

    def test_ends_and_begins_the_offer(self, client: Client, organization: identity_models.Organization) -> None:
        factory.published(organization)

        ended = client.post(url(organization, "own_meter/offer/"), {"offered": "no"}, follow=True)

        assert "no longer offered" in ended.content.decode()
        assert "Add a meter of this type" not in ended.content.decode()
        client.post(url(organization, "own_meter/offer/"), {"offered": "yes"})
        assert "Add a meter of this type" in client.get(url(organization, "own_meter/")).content.decode()


class TestFiles:
    def test_come_out_as_they_went_in(self, client: Client, organization: identity_models.Organization) -> None:
        factory.published(organization)
        factory.published(organization, factory.DOCUMENT.replace("T1", "T2"), base=1)

        newest = client.get(url(organization, "own_meter/export/"))
        older = client.get(url(organization, "own_meter/export/?version=1"))
        shipped = client.get(url(organization, "eastron_sdm630/export/"))

        assert newest["Content-Disposition"] == 'attachment; filename="own_meter.yaml"'
        assert documents.validate(newest.content.decode(), "a").name == "T2"
        assert documents.validate(older.content.decode(), "a").name == "T1"
        assert documents.validate(shipped.content.decode(), "a") == documents.load("eastron_sdm630")
        assert client.get(url(organization, "own_meter/export/?version=9")).status_code == 404
        other = identity.organization()
        somebody = Client()
        somebody.force_login(identity.user(organization=other))
        taken = self.taken_in(somebody, other, newest.content)
        assert taken.status_code == 200
        somebody.post(url(other, "publish-type/"), handed_on(taken))
        with scoping.scope([other.pk], actor=factory.ACTOR):
            assert meter_types.get_version("own_meter").document == newest.content.decode()

    def test_are_refused_wholly_with_every_fault_by_its_line(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        spoiled = factory.DOCUMENT.replace("unit: KWH", "unit: KWX").replace("unit: W\n", "unit: KWH\n")
        spoiled = spoiled.replace("address: 12", "address: 11")

        faults = self.taken_in(client, organization, spoiled.encode())
        binary = self.taken_in(client, organization, b"\xff\xfe\x00")
        shipped = self.taken_in(client, organization, documents.source_of("eastron_sdm630").encode())
        nothing = client.post(url(organization, "import-file/"))

        assert faults.status_code == binary.status_code == shipped.status_code == nothing.status_code == 422
        assert [(each.line, each.place) for each in faults.context["faults"]] == [
            (15, "registers.1.unit"),
            (21, "registers.2.address"),
        ]
        assert "write one of WH, KWH" in faults.content.decode()
        assert "is a type of the library" in shipped.content.decode()

    def taken_in(self, client: Client, organization: identity_models.Organization, content: bytes) -> Any:  # noqa: ANN401
        file = io.BytesIO(content)
        file.name = "own_meter.yaml"
        return client.post(url(organization, "import-file/"), {"file": file})


class TestTestRead:
    @pytest.mark.spec("M-015/4")
    def test_offers_all_four_orders_of_a_type_that_nobody_published(
        self, client: Client, organization: identity_models.Organization
    ) -> None:
        site = sites.site(organization=organization)
        bus = acquisition.bus(site=site)
        place = {"gateway": str(bus.public_id), "unit_id": "7"}

        wrong = client.post(url(organization, "test-read/"), filled(**{"r0-scale": "-"}) | place)
        nowhere = client.post(url(organization, "test-read/"), filled() | {"gateway": "new", "unit_id": "7"})
        asked = client.post(url(organization, "test-read/"), filled() | place)

        assert "Correct the fields of the type first" in wrong.content.decode()
        assert "notice alarm" in nowhere.content.decode()
        assert "Asking address 7" in asked.content.decode()
        with scoping.scope([organization.pk], actor=factory.ACTOR):
            probe = models.Probe.objects.get(organization_id=organization.pk)
            assert documents.read(probe.document).code == "own_meter"
            probe.status = "ANSWERED"
            probe.answer = {
                "took_ms": 12,
                "frames": [["0001", "0002"]],
                "raw": {"energy_import": "ec91a044", "power": "0010"},
            }
            probe.save()
        row = client.get(url(organization, f"test-read/{probe.public_id}/"))
        told = row.context["test"].reads[0]
        assert told.raw == "EC 91 A0 44"
        assert [(each.digits, each.is_own) for each in told.orders] == [
            ("1 2 3 4", True),
            ("3 4 1 2", False),
            ("2 1 4 3", False),
            ("4 3 2 1", False),
        ]
        assert [each.number for each in told.orders][1] == "26,888,715.69"
        assert row.context["test"].reads[1].value == "16 W"

    def test_is_for_those_who_may_change_types(self, organization: identity_models.Organization) -> None:
        factory.published(organization)
        viewer = Client()
        viewer.force_login(identity.user(organization=organization, role=RoleCode.OPERATOR))

        assert viewer.get(url(organization, "own_meter/")).status_code == 200
        assert "New type" not in viewer.get(url(organization)).content.decode()
        assert viewer.get(url(organization, "new-type/")).status_code == 403
        assert viewer.get(url(organization, "own_meter/edit/")).status_code == 403
