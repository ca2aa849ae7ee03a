"""Gateways send signed batches: each reading is stored once, and what is not as it must be is refused and told."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from meterbook.acquisition import gateway_models, operations
from meterbook.acquisition.gateway_values import GatewayProfile
from meterbook.acquisition.push import batch, signing
from meterbook.alarms import queries as alarm_queries
from meterbook.foundation import scoping
from meterbook.kernel import clock
from meterbook.metering import models as metering_models
from meterbook.metering.values import Source
from tests.factories import acquisition, gateways, identity, metering, sites

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
MINUTE = 60_000


def rows(count: int, *, first: int = 0) -> list[tuple[datetime, int]]:
    return [(NOON + number * QUARTER, 100_000 + 25 * number) for number in range(first, first + count)]


def alarms(organization_id: int) -> list[str]:
    acquisition.deliver(organization_id)
    with scoping.scope([organization_id], actor=identity.ACTOR):
        found, _count = alarm_queries.list_alarms()
        return sorted(each.kind for each in found)


class House:
    """A site with two meters and a gateway that reads them."""

    def __init__(self, algorithm: signing.Algorithm = signing.Algorithm.ED25519) -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization)
        self.meter, self.other = (
            metering.installed_meter(organization=self.organization, site=self.site) for _ in range(2)
        )
        self.gateway = gateways.gateway(site=self.site, meters=[self.meter, self.other])
        self.sender = gateways.enrolled(self.gateway, algorithm=algorithm)

    def stored(self) -> list[tuple[datetime, int]]:
        return acquisition.stored(self.meter.energy)


class TestBatch:
    @pytest.mark.parametrize("algorithm", list(signing.Algorithm))
    def test_is_stored_and_acknowledged(self, algorithm: signing.Algorithm) -> None:
        house = House(algorithm)
        status = {"firmware": "1.2", "rssi": -61, "restart_reason": "power", "buffered": 3, "clock_offset_ms": 40}

        answer = house.sender.send([gateways.group(house.meter, rows(3))], status=status)

        assert answer.status_code == 200, answer.content
        told = answer.json()
        assert (told["sequence"], told["stored"], told["rejected"], told["missing"]) == (1, 3, [], [])
        assert not told["is_repeat"]
        assert house.stored() == rows(3)
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            sources = metering_models.Reading.objects.filter(
                organization_id=house.organization.pk, series_id=house.meter.energy.pk
            ).values_list("source", flat=True)
            assert set(sources) == {Source.GATEWAY}
            seen = gateway_models.Gateway.objects.get(organization_id=house.organization.pk, pk=house.gateway.pk)
        assert (seen.firmware, seen.rssi, seen.restart_reason, seen.buffered) == ("1.2", -61, "power", 3)
        assert seen.clock_offset_ms == 40
        assert seen.seen_at is not None

    @pytest.mark.spec("M-019/1")
    def test_sent_again_changes_nothing_and_is_counted(self) -> None:
        house = House()
        groups = [gateways.group(house.meter, rows(3))]
        first = house.sender.send(groups).json()

        again = [house.sender.send(groups, sequence=1) for _ in range(2)]

        assert [each.status_code for each in again] == [200, 200]
        for each in again:
            told = each.json()
            assert told.pop("is_repeat") is True
            assert {**told, "time": 0} == {**{key: first[key] for key in told}, "time": 0}
        assert house.stored() == rows(3)
        assert gateways.incidents(house.gateway) == {"REPLAY": 2}
        assert alarms(house.organization.pk) == []

    def test_known_number_with_another_content_is_refused_with_an_alarm(self) -> None:
        house = House()
        house.sender.send([gateways.group(house.meter, rows(3))])

        answer = house.sender.send([gateways.group(house.meter, rows(4))], sequence=1)

        assert answer.status_code == 401
        assert house.stored() == rows(3)
        assert alarms(house.organization.pk) == ["GATEWAY_CONTENT"]

    @pytest.mark.spec("M-019/3")
    @pytest.mark.spec("X-08/1")
    def test_altered_byte_wrong_gateway_and_old_time_are_refused_in_the_same_words_with_an_alarm(self) -> None:
        house, stranger = House(), House()
        sender = house.sender
        body = batch.write(batch.Batch(readings=(gateways.group(house.meter, rows(3)),)))
        stamp = sender.signed(gateways.BATCHES, sender.stamp(1), body)
        now = stamp.time
        other = batch.write(batch.Batch(readings=(gateways.group(house.meter, rows(2)),)))
        flipped = bytes([*body[:-9], body[-9] ^ 1, *body[-8:]])

        refused = [
            sender.post(gateways.BATCHES, stamp, other),
            sender.post(gateways.BATCHES, stamp, flipped),
            sender.post(gateways.BATCHES, replace(stamp, sequence=2), body),
            sender.post(gateways.BATCHES, replace(stamp, time=stamp.time + 1), body),
            sender.post(gateways.BATCHES, replace(stamp, boot=signing.new_boot()), body),
            sender.post(gateways.BATCHES + "?x=1", stamp, body),
            sender.post(gateways.BATCHES, replace(stamp, gateway=stranger.sender.gateway), body),
            sender.post(gateways.BATCHES, replace(stamp, gateway=str(uuid.uuid4())), body),
            sender.post(gateways.BATCHES, replace(stamp, gateway="nobody"), body),
            sender.post(gateways.BATCHES, replace(stamp, key=stranger.sender.key), body),
            sender.send([gateways.group(house.meter, rows(3))], sequence=9, time=now - 6 * MINUTE),
            sender.send([gateways.group(house.meter, rows(3))], sequence=10, time=now + 6 * MINUTE),
        ]

        assert [each.status_code for each in refused] == [401] * len(refused)
        assert {each.headers["Content-Type"] for each in refused} == {"application/problem+json"}
        assert len({each.json()["detail"] for each in refused}) == 1
        assert all(abs(each.json()["time"] - now) < MINUTE for each in refused)
        assert house.stored() == []
        assert gateways.incidents(house.gateway) == {"SIGNATURE": 7, "TIME": 2}
        assert gateways.incidents(stranger.gateway) == {"SIGNATURE": 1}
        assert alarms(house.organization.pk) == ["GATEWAY_SIGNATURE", "GATEWAY_TIME"]
        assert sender.post(gateways.BATCHES, stamp, body).status_code == 200

    @pytest.mark.spec("X-08/2")
    def test_of_readings_taken_weeks_ago_is_accepted(self) -> None:
        house = House()
        old = [(clock.now().replace(microsecond=0) - timedelta(days=31), 90_000)]

        assert house.sender.send([gateways.group(house.meter, old)]).json()["stored"] == 1

        assert house.stored() == old

    def test_of_a_gateway_without_a_clock_counts_by_its_sequence(self) -> None:
        house = House()
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            operations.change_gateway(
                actor=identity.ACTOR,
                at=clock.now(),
                public_id=house.gateway.public_id,
                name=house.gateway.name,
                profile=GatewayProfile.CARD,
                most_meters=6,
                orders_by_sequence=True,
            )
        send = house.sender.send

        assert send([gateways.group(house.meter, rows(1))], sequence=5, time=MINUTE).status_code == 200
        assert send([gateways.group(house.meter, rows(2))], sequence=4, time=MINUTE).status_code == 401
        assert send([gateways.group(house.meter, rows(2))], sequence=6, time=MINUTE).status_code == 200

    @pytest.mark.spec("M-019/2")
    def test_order_and_overlap_make_no_difference(self) -> None:
        house = House()
        pieces = [(number, rows(5, first=3 * number)) for number in (3, 0, 5, 1, 4, 2)]

        answers = [
            house.sender.send([gateways.group(house.meter, piece)], sequence=number + 1) for number, piece in pieces
        ]

        assert [each.status_code for each in answers] == [200] * 6
        assert house.stored() == rows(20)
        assert answers[-1].json()["missing"] == []
        assert sum(each.json()["stored"] for each in answers) == 20

    def test_that_did_not_come_is_asked_for(self) -> None:
        house = House()
        send = house.sender.send

        send([gateways.group(house.meter, rows(1))], sequence=1)
        after = send([gateways.group(house.meter, rows(1, first=4))], sequence=5).json()
        filled = send([gateways.group(house.meter, rows(1, first=2))], sequence=3).json()

        assert after["missing"] == [[2, 4]]
        assert filled["missing"] == [[2, 2], [4, 4]]

    def test_of_a_copied_gateway_raises_an_alarm(self) -> None:
        house = House()
        copy = house.sender.started_again()
        now = int(clock.real_now().timestamp() * 1000)
        house.sender.send([gateways.group(house.meter, rows(1))], time=now - 4000)
        copy.send([gateways.group(house.meter, rows(2))], time=now - 3000)
        assert alarms(house.organization.pk) == []

        late = house.sender.send([gateways.group(house.meter, rows(3))], time=now - 3500)
        assert alarms(house.organization.pk) == []
        again = house.sender.send([gateways.group(house.meter, rows(4))], time=now - 2000)

        assert (late.status_code, again.status_code) == (200, 200)
        assert alarms(house.organization.pk) == ["GATEWAY_CLONE"]

    def test_names_each_row_that_it_cannot_store(self) -> None:
        house = House()
        foreign = metering.installed_meter(organization=house.organization, site=house.site)
        serial = house.meter.meter.serial_number
        stamp = int(NOON.timestamp() * 1000)
        tomorrow = int((clock.now() + timedelta(days=1)).timestamp() * 1000)
        groups = [
            gateways.group(foreign, rows(2)),
            batch.Group(serial, "volume", 2, [stamp], [1]),
            batch.Group(serial, "energy_import", 3, [stamp, stamp + 900_000], [123_450, 123_456]),
            batch.Group(serial, "energy_import", 0, [stamp + 1_800_000], [125]),
            batch.Group(serial, "energy_import", 2, [tomorrow, 0], [1, 2]),
            batch.Group(serial, "energy_import", 2, [stamp], [1], unit="WH"),
        ]

        told = house.sender.send(groups).json()

        assert [(each["group"], each["code"], each["rows"], each["count"]) for each in told["rejected"]] == [
            (0, "unknown_meter", None, 2),
            (1, "unknown_register", None, 1),
            (2, "decimals", [1], 1),
            (4, "future", [0], 1),
            (4, "past", [1], 1),
            (5, "unit", None, 1),
        ]
        assert (told["stored"], told["rejected_rows"]) == (2, 7)
        assert house.stored() == [(NOON, 12_345), (NOON + 2 * QUARTER, 12_500)]

    def test_of_another_value_for_the_same_instant_is_a_conflict_and_overwrites_nothing(self) -> None:
        house = House()
        house.sender.send([gateways.group(house.meter, rows(1))])

        told = house.sender.send([gateways.group(house.meter, [(NOON, 7)])]).json()

        assert (told["stored"], told["conflicting"]) == (0, 1)
        assert house.stored() == rows(1)

    @pytest.mark.parametrize(
        ("body", "encoding", "status"),
        [
            (b"{", "", 422),
            (b"[]", "", 422),
            (b"\xff", "", 422),
            (b'{"format":"meterbook-batch-1","readings":[{}]}', "", 422),
            (b'{"format":"meterbook-batch-1","readings":1.5}', "", 422),
            (b'{"format":"meterbook-batch-1","format":"meterbook-batch-1"}', "", 422),
            (b"no gzip", "gzip", 422),
            (b"{}", "br", 422),
            (batch.pack(bytes(batch.MOST_UNPACKED + 1)), "gzip", 413),
            (batch.pack(b"{}") + b"more", "gzip", 422),
            (bytes(batch.MOST_BYTES + 1), "", 413),
            (b"[" * 100_000, "", 422),
            (
                b'{"format":"meterbook-batch-1","readings":[{"meter":"a","register":"b","decimals":0,"at":[true],"value":[1]}]}',
                "",
                422,
            ),
            (
                b'{"format":"meterbook-batch-1","readings":[{"meter":"a","register":"b","decimals":0,"at":[1],"value":['
                + b"9" * 30
                + b"]}]}",
                "",
                422,
            ),
        ],
        ids=[
            "cut",
            "list",
            "not-text",
            "empty-group",
            "fraction",
            "doubled",
            "no-gzip",
            "brotli",
            "bomb",
            "trailer",
            "large",
            "deep",
            "boolean",
            "huge",
        ],
    )
    def test_that_is_none_is_refused(self, body: bytes, encoding: str, status: int) -> None:
        house = House()
        stamp = house.sender.signed(gateways.BATCHES, house.sender.stamp(1), body)

        answer = house.sender.post(gateways.BATCHES, stamp, body, encoding=encoding)

        assert answer.status_code == status, answer.content
        assert answer.headers["Content-Type"] == "application/problem+json"

    def test_needs_its_headers_and_post(self) -> None:
        bare = Client().post(gateways.BATCHES, data=b"{}", content_type="application/json")

        assert bare.status_code == 400
        assert Client().get(gateways.BATCHES).status_code == 405
