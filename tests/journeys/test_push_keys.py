"""How a gateway comes by its key, exchanges it, and loses it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client

from meterbook.acquisition import operations
from meterbook.acquisition.push import signing
from meterbook.alarms import gateway_silence
from meterbook.foundation import scoping
from meterbook.kernel import clock
from tests.factories import gateways, identity, metering, sites
from tests.journeys.test_push import House, alarms, rows


class TestEnrolment:
    def test_code_works_once_and_for_a_quarter_of_an_hour(self) -> None:
        house = House()
        spent = gateways.code(house.gateway)
        late = gateways.code(house.gateway, real_at=clock.real_now() - timedelta(minutes=15, seconds=1))
        gateway = gateways.gateway(site=house.site)
        good = gateways.code(gateway)

        def ask(code: str) -> int:
            given = {"code": code, "algorithm": "hmac-sha256"}
            return Client().post("/push/v1/enrol", json.dumps(given), content_type="application/json").status_code

        assert [ask(each) for each in (spent, late, "nonsense", "0000-0000-0000-0000")] == [403] * 4
        assert ask(good.lower().replace("-", " ")) == 201
        assert ask(good) == 403

    @pytest.mark.spec("M-018/3")
    def test_of_a_seventh_meter_is_refused_with_an_explanation_and_leaves_the_code_good(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        meters = [metering.installed_meter(organization=organization, site=site) for _ in range(7)]
        code = gateways.code(gateways.gateway(site=site))
        serials = [each.meter.serial_number for each in meters]

        def ask(listed: list[str]) -> tuple[int, dict[str, str]]:
            given = {"code": code, "algorithm": "hmac-sha256", "meters": listed}
            answer = Client().post("/push/v1/enrol", json.dumps(given), content_type="application/json")
            return answer.status_code, answer.json()

        status, told = ask(serials)

        assert (status, told["code"]) == (422, "limit")
        assert "allows 6 meters" in told["detail"]
        assert ask([*serials[:5], "unknown"])[1]["code"] == "meter"
        assert ask(serials[:6])[0] == 201

    @pytest.mark.spec("M-018/4")
    def test_of_a_new_device_keeps_what_the_former_one_still_holds(self) -> None:
        house = House()
        successor = gateways.enrolled(house.gateway, overlap_days=7)

        successor.send([gateways.group(house.meter, rows(2, first=2))])
        answer = house.sender.send([gateways.group(house.meter, rows(2))])

        assert answer.status_code == 200
        assert house.stored() == rows(4)
        assert alarms(house.organization.pk) == []

    def test_again_without_overlap_ends_the_former_key(self) -> None:
        house = House()
        gateways.enrolled(house.gateway)

        assert house.sender.send([gateways.group(house.meter, rows(1))]).status_code == 401
        assert alarms(house.organization.pk) == ["GATEWAY_REVOKED"]


class TestKeys:
    def test_are_exchanged_with_the_present_one_which_works_on_for_a_week(self) -> None:
        house = House()
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            operations.ask_for_rotation(actor=identity.ACTOR, at=clock.now(), public_id=house.gateway.public_id)
        asked = house.sender.send([gateways.group(house.meter, rows(1))]).json()

        told = house.sender.call("/push/v1/keys", {"algorithm": "hmac-sha256"})

        assert asked["exchange_key"] is True
        assert told.status_code == 201
        given = told.json()
        secret = signing.decode(given["secret"])
        fresh = replace(house.sender, key=given["key"], secret=secret, algorithm=signing.Algorithm.HMAC)
        answer = fresh.send([gateways.group(house.meter, rows(2))])
        assert (answer.status_code, answer.json()["exchange_key"]) == (200, False)
        assert house.sender.send([gateways.group(house.meter, rows(3))], sequence=3).status_code == 200

    def test_of_a_revoked_gateway_open_nothing(self) -> None:
        house = House()
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            operations.revoke_gateway(
                actor=identity.ACTOR, at=clock.now(), public_id=house.gateway.public_id, reason="stolen"
            )

        assert house.sender.send([gateways.group(house.meter, rows(1))]).status_code == 401
        assert house.sender.call("/push/v1/keys", {"algorithm": "hmac-sha256"}).status_code == 401
        assert alarms(house.organization.pk) == ["GATEWAY_REVOKED"]
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            operations.settle_incidents(
                actor=identity.ACTOR, at=clock.now(), public_id=house.gateway.public_id, reason="it lies in a drawer"
            )
        assert alarms(house.organization.pk) == []

    def test_a_call_heard_before_is_refused(self) -> None:
        house = House()
        body = json.dumps({"algorithm": "hmac-sha256"}).encode()
        stamp = house.sender.signed("/push/v1/keys", house.sender.stamp(1), body)

        first, again = (house.sender.post("/push/v1/keys", stamp, body, encoding="") for _ in range(2))

        assert (first.status_code, again.status_code) == (201, 401)
        assert gateways.incidents(house.gateway) == {"REPLAY": 1}


class TestMeters:
    @pytest.mark.spec("M-018/3")
    def test_beyond_the_profile_are_refused_with_an_explanation(self) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        meters = [metering.installed_meter(organization=organization, site=site) for _ in range(7)]
        sender = gateways.enrolled(gateways.gateway(site=site, meters=meters[:6]))

        told = sender.send([gateways.group(each, rows(1)) for each in meters]).json()

        (refused,) = told["rejected"]
        assert (told["stored"], refused["group"], refused["code"]) == (6, 6, "limit")
        assert "allows 6 meters" in refused["detail"]

    def test_that_take_the_place_of_others_are_read_by_the_same_gateway(self) -> None:
        house = House()
        new = metering.installed_meter(organization=house.organization, site=house.site)
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            operations.hand_over_meter(actor=identity.ACTOR, at=clock.now(), old=house.meter.meter, new=new.meter)

        told = house.sender.send([gateways.group(house.meter, rows(1)), gateways.group(new, rows(1))]).json()

        assert (told["stored"], told["rejected"]) == (2, [])


class TestSilence:
    def test_is_one_alarm_that_ends_with_the_next_message(self) -> None:
        house = House()
        house.sender.send([])

        def follow(minutes: int) -> list[str]:
            with scoping.scope([house.organization.pk], actor=identity.ACTOR):
                gateway_silence.follow(actor=identity.ACTOR, at=clock.now() + timedelta(minutes=minutes))
            return alarms(house.organization.pk)

        assert follow(9) == []
        assert follow(11) == ["GATEWAY_SILENT"]
        assert follow(12) == ["GATEWAY_SILENT"]
        house.sender.send([])
        assert follow(1) == []
