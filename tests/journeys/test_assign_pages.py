"""Another tariff for many contracts through the page and the API: looked at first, then done at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from meterbook.customers import models, sign_ins
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.kernel import clock
from meterbook.tariffs import models as tariff_models
from tests.factories import api, billing, identity, whatif
from tests.support import pages


@pytest.fixture(autouse=True)
def later() -> Iterator[None]:
    with clock.use(clock.SettableClock(whatif.NOW)):
        yield


@pytest.fixture
def made(database: str) -> whatif.History:
    made = whatif.history()
    whatif.bill(made)
    return made


@pytest.fixture(scope="module")
def seen(database: str) -> tuple[whatif.History, tariff_models.Tariff]:
    """One for all who change nothing in it, and the other tariff."""
    with clock.use(clock.SettableClock(whatif.NOW)):
        made = whatif.history()
        whatif.bill(made)
        return made, other(made)


def other(made: whatif.History) -> tariff_models.Tariff:
    raw = {**whatif.dearer(), "code": "NEW", "name": {"en": "New prices", "es": "Precios nuevos"}}
    return billing.tariff(organization=made.place.organization, raw=raw)


def path(made: whatif.History) -> str:
    return reverse("tariff_assign", args=[made.place.organization.public_id])


def sent(client: Client, made: whatif.History, **given: object) -> HttpResponse:
    usual = {"first_day": "2026-04-01", "site": str(made.place.site.public_id), "do": "look"}
    return client.post(path(made), {**usual, **given})


def codes(made: whatif.History) -> list[str]:
    with scoping.scope([made.owner], actor=identity.ACTOR):
        rows = models.Contract.objects.filter(organization_id=made.owner).order_by("id")
        return list(rows.values_list("tariff__code", flat=True))


class TestThePage:
    @pytest.mark.spec("M-057/1")
    def test_shows_each_latest_bill_by_both_tariffs_and_then_does_it(self, made: whatif.History) -> None:
        client, tariff = pages.signed_in(made.place.organization), other(made)
        assert "Another tariff for many" in client.get(path(made)).content.decode()

        looked = sent(client, made, tariff=str(tariff.public_id))
        text = looked.content.decode()
        (digest,) = re.findall(r'name="digest" value="([0-9a-f]{64})"', text)
        before = codes(made)
        done = sent(client, made, tariff=str(tariff.public_id), digest=digest, do="assign")

        assert looked.status_code == 200
        assert text.count('+<span class="tnum">16.8') == 3
        assert "New prices" in text
        assert before == ["T1"] * 3
        assert done.status_code == 302
        assert codes(made) == ["T1"] * 3 + ["NEW"] * 3
        assert "The tariff holds for 3 contracts" in client.get(done.headers["Location"]).content.decode()
        trail = pages.page(client, "audit", made.place.organization)
        assert "Let another tariff hold for many contracts" in trail

    def test_shows_again_what_changed_meanwhile(self, seen: tuple[whatif.History, tariff_models.Tariff]) -> None:
        made, tariff = seen
        client = pages.signed_in(made.place.organization)

        answer = sent(client, made, tariff=str(tariff.public_id), digest="0" * 64, do="assign")

        assert answer.status_code == 200
        assert "changed since this was shown" in answer.content.decode()
        assert codes(made) == ["T1"] * 3

    def test_takes_a_list_from_a_file(self, seen: tuple[whatif.History, tariff_models.Tariff]) -> None:
        made, tariff = seen
        client = pages.signed_in(made.place.organization)
        listed = f"Account;Name\n{made.accounts[1].number};Florist\n".encode()

        text = sent(
            client, made, tariff=str(tariff.public_id), site="", file=SimpleUploadedFile("list.csv", listed)
        ).content.decode()

        assert "Florist" in text
        assert "Bakery" not in text
        assert f'name="names" value="{made.accounts[1].number}"' in text

    def test_names_what_is_wrong(self, seen: tuple[whatif.History, tariff_models.Tariff]) -> None:
        made, tariff = seen[0], str(seen[1].public_id)
        client = pages.signed_in(made.place.organization)
        for given, words in (
            ({"tariff": ""}, "This field is required"),
            ({"tariff": tariff, "site": ""}, "Say for whom"),
            ({"tariff": tariff, "names": "A-999999"}, "A-999999"),
            ({"tariff": tariff, "first_day": "2010-01-01"}, "no version in force"),
            ({"tariff": tariff, "file": SimpleUploadedFile("x.csv", b"\x00\x01")}, "neither text nor a workbook"),
        ):
            answer = sent(client, made, **given)
            assert (answer.status_code, words in answer.content.decode()) == (422, True), given
        billed = sent(client, made, tariff=tariff, first_day="2026-03-15").content.decode()
        assert "on a bill until" in billed
        assert "Nothing would change" in billed

    def test_without_tariffs_says_what_to_do(self) -> None:
        organization = identity.organization()
        text = pages.page(pages.signed_in(organization), "tariff_assign", organization)
        assert "Write a tariff and publish it" in text

    def test_is_only_for_those_who_may_change_contracts(
        self, seen: tuple[whatif.History, tariff_models.Tariff]
    ) -> None:
        made, _tariff = seen
        tenant = identity.user(organization=made.place.organization, role=None, name="Nora Stone")
        with scoping.scope([made.owner], actor=identity.ACTOR):
            sign_ins.link_user(
                actor=identity.ACTOR, at=identity.LONG_AGO, account=made.accounts[0].public_id, user_id=tenant.pk
            )
        client = Client()
        client.force_login(tenant)
        assert client.get(path(made)).status_code == 404
        assert pages.signed_in(identity.organization()).get(path(made)).status_code == 404
        assert pages.signed_in(made.place.organization, RoleCode.AUDITOR).get(path(made)).status_code == 403


class TestTheApi:
    def test_previews_and_assigns(self, made: whatif.History) -> None:
        program, tariff = api.program(organization=made.place.organization), other(made)
        body = {"tariff": str(tariff.public_id), "first_day": "2026-04-01", "site": str(made.place.site.public_id)}

        preview = program.post("/tariff-assignments/preview", body).json()
        wrong = program.post("/tariff-assignments", {**body, "digest": "0" * 64})
        done = program.post("/tariff-assignments", {**body, "digest": preview["digest"]})

        assert preview["contracts"] == 3
        assert all(each["before"] and each["after"] for each in preview["accounts"])
        assert wrong.status_code == 422
        assert (done.status_code, done.json()) == (201, {"contracts": 3, "waiting": 0})
        assert codes(made).count("NEW") == 3

    def test_does_not_know_those_of_others(self, seen: tuple[whatif.History, tariff_models.Tariff]) -> None:
        made, tariff = seen
        foreign, program = whatif.history(until=date(2026, 1, 2)), api.program(organization=made.place.organization)
        body = {"tariff": str(tariff.public_id), "first_day": "2026-04-01"}

        for more, status in (
            ({"site": str(foreign.place.site.public_id)}, 404),
            ({"names": [foreign.meters[0].point.code + "-X"]}, 422),
            ({"names": [made.accounts[0].number], "tariff": str(foreign.place.tariff.public_id)}, 422),
            ({}, 422),
        ):
            assert program.post("/tariff-assignments/preview", {**body, **more}).status_code == status
