"""Moving in and out, and opening several accounts, through the pages."""

from __future__ import annotations

import io
import re
import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from meterbook.customers import models
from meterbook.foundation import scoping
from meterbook.identity.values import RoleCode
from meterbook.journeys import models as journey_models
from meterbook.journeys.values import JourneyKind, JourneyState, Step
from tests.factories import billing, identity, metering, moves
from tests.support import pages
from tests.support.desks import Desk

ACTOR = identity.ACTOR


def picture(name: str, color: str = "blue") -> SimpleUploadedFile:
    content = io.BytesIO()
    Image.new("RGB", (30, 30), color).save(content, "PNG")
    return SimpleUploadedFile(name, content.getvalue())


class TestMoves:
    def move_in(self, desk: Desk, day: str = "2026-02-01") -> journey_models.Journey:
        journey = desk.begin(JourneyKind.MOVE_IN, place=desk.unit.key)
        assert desk.send(journey, Step.CUSTOMER, name="Ana Ruiz", number="A-000007", language="en") == 302
        assert desk.send(journey, Step.START, day=day) == 302
        assert desk.send(journey, Step.READINGS, **{f"reading_{desk.point}": "1,234.50"}) == 302
        assert desk.send(journey, Step.TARIFF, **{f"tariff_{desk.point}": str(desk.unit.place.tariff.public_id)}) == 302
        assert desk.send(journey, Step.DEPOSIT, amount="") == 302
        assert "1,234.50" in desk.page("move", journey.public_id)
        assert desk.send(journey, Step.SUMMARY) == 302
        return journey

    def test_in_and_out(self) -> None:
        desk = Desk()

        journey = self.move_in(desk)

        done = desk.journey()
        assert done.state == JourneyState.DONE
        assert "A-000007" in desk.page("account", done.result)
        assert "This is done" in desk.page("move", journey.public_id)
        assert "Ana Ruiz" in desk.page("contracts")
        out = desk.begin(JourneyKind.MOVE_OUT, place=desk.unit.key)
        assert desk.send(out, Step.END, day="2026-03-01", time="12:15") == 302
        assert desk.send(out, Step.READINGS) == 302
        assert desk.send(out, Step.ADDRESS, address="Calle Mayor 1") == 302
        assert "final bill of account A-000007" in desk.page("move", out.public_id)
        assert desk.send(out, Step.SUMMARY) == 302
        assert desk.send(out, Step.SUMMARY) == 302
        assert "Ana Ruiz" in desk.page("contracts", show="ended")
        card = desk.page("account", done.result)
        assert "Moved out on" in card
        assert "12:15" in card
        assert ">Active<" not in card.replace("</svg>", ">")
        assert "Unit 12" in desk.page("moves")

    def test_is_resumed_by_a_colleague(self) -> None:
        desk = Desk()
        journey = desk.begin(JourneyKind.MOVE_IN, place=desk.unit.key)
        desk.send(journey, Step.CUSTOMER, name="Ana Ruiz", number="A-000007", language="en")
        desk.client = pages.signed_in(desk.organization, RoleCode.BILLING_CLERK)

        listed = desk.page("moves")

        assert "Unit 12, Ana Ruiz" in listed
        assert 'aria-current="step"' in desk.page("move", journey.public_id)
        assert desk.send(journey, Step.START, day="2026-02-01") == 302

    @pytest.mark.parametrize(
        ("step", "given", "words"),
        [
            (Step.UNIT, {}, "Choose a unit."),
            (Step.UNIT, {"place": "u-nonsense"}, "Choose a unit."),
            (Step.CUSTOMER, {"email": "x"}, "Write a name"),
            (Step.CUSTOMER, {"known": f"c{uuid.uuid4()}", "number": "1"}, "no longer there"),
            (Step.CUSTOMER, {"known": "a\x00", "number": "1"}, ""),
            (Step.START, {"day": "31.12.2026"}, "year-month-day"),
            (Step.START, {"day": "2026-02-01", "time": "12:07"}, "full quarter"),
        ],
    )
    def test_refuses_in_words_and_keeps_what_was_typed(self, step: Step, given: dict[str, str], words: str) -> None:
        desk = Desk()
        journey = desk.begin(JourneyKind.MOVE_IN, place=desk.unit.key)
        if step is Step.START:
            desk.send(journey, Step.CUSTOMER, name="Ana Ruiz", number="A-000007", language="en")

        answer = desk.client.post(
            desk.path("move", journey.public_id), {"step": step.value, "version": desk.journey().version, **given}
        )

        assert answer.status_code == 422
        text = answer.content.decode()
        assert words in text
        assert "email" not in given or 'value="x"' in text

    def test_tells_when_somebody_else_went_on(self) -> None:
        desk = Desk()
        journey = desk.begin(JourneyKind.MOVE_IN, place=desk.unit.key)
        seen = desk.journey().version
        desk.send(journey, Step.CUSTOMER, name="Ana Ruiz", number="A-000007", language="en")

        answer = desk.client.post(
            desk.path("move", journey.public_id),
            {"step": "CUSTOMER", "version": seen, "name": "Zoe", "number": "A-1", "language": "en"},
        )

        assert answer.status_code == 409
        assert "changed this meanwhile" in answer.content.decode()
        assert desk.journey().facts["CUSTOMER"]["name"] == "Ana Ruiz"

    def test_refuses_a_reading_beside_its_field(self) -> None:
        desk = Desk()
        start = billing.FEBRUARY.starts_at
        billing.count(desk.unit.meter.energy, start - timedelta(days=1), start - timedelta(hours=3), begin=900_000)
        journey = desk.begin(JourneyKind.MOVE_IN, place=desk.unit.key)
        desk.send(journey, Step.CUSTOMER, name="Ana Ruiz", number="A-000007", language="en")
        desk.send(journey, Step.START, day="2026-02-01")

        answer = desk.client.post(
            desk.path("move", journey.public_id),
            {"step": "READINGS", "version": desk.journey().version, f"reading_{desk.point}": "12,5"},
        )

        assert answer.status_code == 422
        assert "it must be at least that" in answer.content.decode()
        assert 'value="12,5"' in answer.content.decode()

    @pytest.mark.spec("M-026/6")
    def test_asks_for_each_register_that_people_read(self) -> None:
        desk = Desk(unit=moves.hand_read())
        start = billing.FEBRUARY.starts_at
        for code, (shown, _later) in moves.SEVERAL.items():
            metering.record(desk.unit.meter.series[code], [(start - timedelta(days=30), shown)])
        journey = desk.begin(JourneyKind.MOVE_IN, place=desk.unit.key)
        desk.send(journey, Step.CUSTOMER, name="Ana Ruiz", number="A-000007", language="en")
        desk.send(journey, Step.START, day="2026-02-01")
        field = f"reading_{desk.point}"

        asked = desk.page("move", journey.public_id)
        low = desk.client.post(
            desk.path("move", journey.public_id),
            {"step": "READINGS", "version": desk.journey().version, f"{field}-energy_import_t1": "12,5"},
        )
        photo = f"photo_{desk.point}"
        answered = desk.send(
            journey,
            Step.READINGS,
            **{field: "1100", f"{field}-energy_import_t1": "750.5", f"{field}-energy_reactive_import": "260"},
            **{photo: picture("all.png"), f"{photo}-energy_import_t1": picture("t1.png", "red")},
        )
        again = desk.page("move", journey.public_id, step="READINGS")
        desk.send(journey, Step.TARIFF, **{f"tariff_{desk.point}": str(desk.unit.place.tariff.public_id)})
        desk.send(journey, Step.DEPOSIT)
        summary = desk.page("move", journey.public_id)
        desk.send(journey, Step.SUMMARY)

        assert [f'name="{field}{more}"' in asked for more in ("", *(f"-{code}" for code in moves.FURTHER))] == [
            True
        ] * 4
        assert "700.000" in asked
        assert low.status_code == 422
        assert "showed 700.000 kWh before" in low.content.decode()
        assert answered == 302
        assert 'value="750.5"' in again
        assert [f"Kept: {name}.jpg" in again for name in ("all", "t1")] == [True, True]
        assert f'name="{photo}-energy_reactive_import"' in again
        assert re.search(r"T2 <span[^>]*>not known yet<", summary)
        assert re.search(r"T1[^<]* 750\.5 kWh<", summary)
        with scoping.scope([desk.organization.pk], actor=ACTOR):
            contract = models.Contract.objects.get(organization_id=desk.organization.pk)
        assert {code: each["value"] for code, each in contract.readings["start"]["further"].items()} == {
            "energy_import_t1": "750.5",
            "energy_reactive_import": "260",
        }
        with scoping.scope([desk.organization.pk], actor=ACTOR):
            files = models.CustomerFile.objects.filter(organization_id=desk.organization.pk)
            assert sorted(files.values_list("name", flat=True)) == ["all.jpg", "t1.jpg"]
        assert "750.5" in desk.page("contract", contract.public_id)

    def test_keeps_a_picture_with_the_customer(self) -> None:
        desk = Desk()
        journey = desk.begin(JourneyKind.MOVE_IN, place=desk.unit.key)
        desk.send(journey, Step.CUSTOMER, name="Ana Ruiz", number="A-000007", language="en")
        desk.send(journey, Step.START, day="2026-02-01")
        desk.send(journey, Step.READINGS, **{f"photo_{desk.point}": picture("face.png")})
        desk.send(journey, Step.TARIFF, **{f"tariff_{desk.point}": str(desk.unit.place.tariff.public_id)})
        desk.send(journey, Step.DEPOSIT)
        desk.send(journey, Step.SUMMARY)

        with scoping.scope([desk.organization.pk], actor=ACTOR):
            files = models.CustomerFile.objects.filter(organization_id=desk.organization.pk)
            kept = files.select_related("customer").get()
        assert (kept.name, kept.media_type, kept.customer.name) == ("face.jpg", "image/jpeg", "Ana Ruiz")

    def test_left_for_good_is_over(self) -> None:
        desk = Desk()
        journey = desk.begin(JourneyKind.MOVE_IN)

        desk.client.post(desk.path("move_leave", journey.public_id))

        assert "left for good" in desk.page("move", journey.public_id)

    @pytest.mark.parametrize("query", ["step=NONSENSE", "step=SUMMARY", "step=END", "q=%00", "q=" + "x" * 300])
    def test_bad_addresses_are_no_fault_of_ours(self, query: str) -> None:
        desk = Desk()
        journey = desk.begin(JourneyKind.MOVE_IN)

        assert desk.client.get(f"{desk.path('move', journey.public_id)}?{query}").status_code in (200, 400)

    def test_needs_the_right(self) -> None:
        desk = Desk(RoleCode.CASHIER)

        assert desk.client.get(desk.path("moves")).status_code == 403
        assert desk.client.get(desk.path("unbilled")).status_code == 200


class TestOpenings:
    def test_opens_several_or_none(self) -> None:
        desk = Desk()
        other = moves.unit(desk.unit.place, name="Unit 13")
        sent = {
            "site": str(desk.unit.place.site.public_id),
            "day": "2026-02-01",
            "language": "en",
            "tariff_ELECTRICITY": str(desk.unit.place.tariff.public_id),
            "place": [desk.unit.key, other.key],
            f"name_{desk.unit.key}": "Ana Ruiz",
            f"number_{desk.unit.key}": "A-000001",
            f"name_{other.key}": "",
            f"number_{other.key}": "A-000001",
        }

        faulty = desk.client.post(desk.path("openings"), sent)
        twice = desk.client.post(desk.path("openings"), {**sent, f"name_{other.key}": "Zoe Berg"})
        with scoping.scope([desk.organization.pk], actor=ACTOR):
            before = models.Contract.objects.filter(organization_id=desk.organization.pk).count()
        long = desk.client.post(desk.path("openings"), {**sent, f"name_{desk.unit.key}": "A" * 10_000})
        assert "Shorten the name to 200 characters." in long.content.decode()
        good = desk.client.post(
            desk.path("openings"), {**sent, f"name_{other.key}": "Zoe Berg", f"number_{other.key}": "A-000002"}
        )

        assert (faulty.status_code, twice.status_code, before, good.status_code) == (422, 422, 0, 302)
        assert "Write the name of the customer." in faulty.content.decode()
        assert "Two rows have this account number" in twice.content.decode()
        assert 'value="Zoe Berg"' in twice.content.decode()
        assert "Every unit has a payer" in desk.page("openings")
