"""Gateways send their batches through a broker: believed, stored, answered and alarmed as over HTTPS."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meterbook.acquisition import brokers, carriers, gateways, models, operations, values
from meterbook.acquisition.push import batch, carrying, signing
from meterbook.alarms import queries as alarm_queries
from meterbook.foundation import scoping
from meterbook.foundation.tls import authority
from meterbook.gateway import broker, courier, keeping, program, store
from meterbook.journeys import pushed
from meterbook.kernel import clock
from tests.factories import acquisition, identity, metering, mqtt, sites
from tests.factories import gateways as factory
from tests.support import processes

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


def rows(count: int, *, first: int = 0) -> list[tuple[datetime, int]]:
    return [(NOON + number * QUARTER, 100_000 + 25 * number) for number in range(first, first + count)]


class House:
    """A site with a meter behind an enrolled gateway."""

    def __init__(self) -> None:
        self.organization = identity.organization()
        self.site = sites.site(organization=self.organization)
        self.meter = metering.installed_meter(organization=self.organization, site=self.site)
        self.gateway = factory.gateway(site=self.site, meters=[self.meter])
        self.sender = factory.enrolled(self.gateway)

    @property
    def topic(self) -> str:
        return carrying.batches_topic(self.sender.gateway)

    def body(self, count: int, *, first: int = 0) -> bytes:
        return batch.write(batch.Batch(readings=(factory.group(self.meter, rows(count, first=first)),)))

    def signed(self, sequence: int, body: bytes, *, topic: str = "", time: int | None = None) -> signing.Stamp:
        sender = self.sender
        return carrying.signed(sender.algorithm, sender.secret, sender.stamp(sequence, time=time), body, topic=topic)

    def take(self, stamp: signing.Stamp, body: bytes, *, topic: str = "") -> carrying.Answer | None:
        """What the server answers to it, its signature checked; None for nothing."""
        told = pushed.take_from_broker(
            at=clock.now(),
            real_at=clock.real_now(),
            source="MQTT Cellar",
            topic=topic or self.topic,
            payload=carrying.wrap(stamp, body),
        )
        if told is None:
            return None
        assert told[0] == carrying.answers_topic(stamp.gateway)
        return carrying.read_answer(
            told[1], server_key=signing.decode(self.sender.server_key), gateway=self.sender.gateway
        )

    def stored(self) -> list[tuple[datetime, int]]:
        return acquisition.stored(self.meter.energy)

    def alarms(self) -> list[str]:
        acquisition.deliver(self.organization.pk)
        with scoping.scope([self.organization.pk], actor=identity.ACTOR):
            return sorted(each.kind for each in alarm_queries.list_alarms()[0])


class TestTaken:
    @pytest.mark.spec("X-08/2")
    def test_once_and_answered_for_its_own_message_whichever_way_it_comes(self) -> None:
        house = House()
        body = house.body(3)
        stamp = house.signed(1, body)

        first, again = house.take(stamp, body), house.take(stamp, body)
        other_way = house.sender.send([factory.group(house.meter, rows(3))], sequence=1)
        late = house.take(house.signed(3, house.body(2, first=-400)), house.body(2, first=-400))

        assert first is not None
        assert again is not None
        assert late is not None
        assert (first.to, first.status, first.content["sequence"]) == (stamp.signature, 200, 1)
        assert (first.content["stored"], first.content["is_repeat"]) == (3, False)
        assert (again.content["stored"], again.content["is_repeat"]) == (3, True)
        assert other_way.json()["is_repeat"] is True
        assert (late.content["stored"], late.content["missing"]) == (2, [[2, 2]])
        assert house.stored() == [*rows(2, first=-400), *rows(3)]
        assert factory.incidents(house.gateway) == {"REPLAY": 2}
        assert house.alarms() == []
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            shown = gateways.get_gateway(public_id=house.gateway.public_id, at=clock.now())
        assert shown.seen_from in ("MQTT Cellar", "127.0.0.1")

    @pytest.mark.spec("X-08/1")
    def test_never_when_altered_misplaced_or_old_and_alarmed_as_over_https(self) -> None:
        house, stranger = House(), House()
        body, now = house.body(3), int(clock.real_now().timestamp() * 1000)
        stamp = house.signed(1, body)
        flipped = bytes([*body[:-9], body[-9] ^ 1, *body[-8:]])
        theirs = replace(house.sender, secret=stranger.sender.secret)
        for wrong_stamp, wrong_body, topic in (
            (stamp, flipped, ""),
            (replace(stamp, sequence=2), body, ""),
            (replace(stamp, time=stamp.time + 1), body, ""),
            (house.sender.signed(factory.BATCHES, house.sender.stamp(1), body), body, ""),
            (carrying.signed(theirs.algorithm, theirs.secret, theirs.stamp(1), body), body, ""),
            (stamp, body, stranger.topic),
            (house.signed(1, body, topic=stranger.topic), body, stranger.topic),
        ):
            refused = house.take(wrong_stamp, wrong_body, topic=topic)
            assert refused is not None
            assert (refused.status, refused.content["code"]) == (401, "refused")
            assert abs(refused.content["time"] - now) < 60_000

        assert factory.incidents(house.gateway) == {"SIGNATURE": 7}
        assert factory.incidents(stranger.gateway) == {}
        old = house.take(house.signed(1, body, time=now - 301_000), body)
        assert old is not None
        assert old.status == 401
        assert house.take(replace(stamp, gateway="0b6c7f1e-6f0c-4c3e-9a61-2f0f5a0d9b11"), body) is None
        assert house.stored() == []
        assert house.alarms() == ["GATEWAY_SIGNATURE", "GATEWAY_TIME"]

    def test_is_told_what_is_wrong_with_it(self) -> None:
        house = House()
        body = batch.pack(b'{"format": "something else"}')

        answer = house.take(house.signed(1, body), body)

        assert answer is not None
        assert (answer.status, answer.content["code"]) == (422, "unreadable")


class Field:
    """The field program of a gateway, whose server cannot be reached over HTTPS."""

    def __init__(self, house: House, folder: Path, *, user: str = "", password: str = "") -> None:
        sender = house.sender
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            made = operations.sign_configuration(actor=identity.ACTOR, at=clock.now(), gateway_id=house.gateway.pk)
        kept = keeping.Kept(
            server=f"http://127.0.0.1:{processes.free_port()}",
            gateway=sender.gateway,
            name="Riser",
            key=sender.key,
            secret=signing.encode(sender.secret),
            algorithm=sender.algorithm.value,
            server_key=sender.server_key,
            broker_user=user,
            broker_password=password,
        )
        keeping.save(folder, kept.with_configuration(made.text, made.signature))
        self.folder, self.house = folder, house

    def keep(self, count: int, *, first: int = 0) -> None:
        buffer = store.Store(self.folder / keeping.BUFFER)
        serial = self.house.meter.meter.serial_number
        told = [(int(at.timestamp() * 1000), value) for at, value in rows(count, first=first)]
        buffer.add(store.Row(serial, "energy_import", "KWH", 2, at, value) for at, value in told)
        buffer.close()

    def waiting(self) -> int:
        buffer = store.Store(self.folder / keeping.BUFFER)
        try:
            return buffer.waiting().rows
        finally:
            buffer.close()

    def run_until_sent(self) -> None:
        """Run the program until nothing waits any more."""

        async def run() -> None:
            stop = asyncio.Event()
            running = asyncio.create_task(program.Gateway(self.folder).run(stop))
            until = time.monotonic() + 60
            while await asyncio.to_thread(self.waiting) and time.monotonic() < until:
                await asyncio.sleep(0.2)
            stop.set()
            await running

        asyncio.run(run())
        assert self.waiting() == 0


@pytest.mark.usefixtures("empty_database")
class TestProgram:
    @pytest.mark.spec("M-018/5")
    def test_sends_through_an_encrypted_broker_and_keeps_what_nobody_acknowledged(self, tmp_path: Path) -> None:
        files = authority.ensure(tmp_path, ["localhost"], at=datetime.now(UTC))
        house = House()
        folder = tmp_path / "gateway"
        with mqtt.running_broker(tmp_path, users={"meterbook": "one", "riser": "two"}, files=files) as running:
            bus = mqtt.broker(
                site=house.site,
                host="localhost",
                port=running.port,
                user="meterbook",
                password="one",
                authority=authority.root_path(tmp_path).read_text(),
            )
            factory.carried(house.gateway, bus)
            field = Field(house, folder, user="riser", password="two")
            field.keep(3)
            running.send(house.topic, carrying.wrap(house.signed(9, house.body(4)), house.body(4)), is_retained=True)

            async def alone() -> None:
                """Nobody takes them: no acknowledgement, nothing leaves; nor by an answer that is somebody's own."""
                kept = keeping.load(folder)
                assert kept.configuration.carrier is not None
                way = broker.BrokerWay(kept, kept.configuration.carrier, patience=1.0)
                holding = asyncio.create_task(way.run())
                while way._connection is None:
                    await asyncio.sleep(0.05)
                stamp = house.signed(1, house.body(3))
                forged = carrying.Answer(stamp.signature, 200, {"sequence": 1})
                asked = asyncio.create_task(asyncio.to_thread(way.send, stamp, house.body(3)))
                await asyncio.to_thread(
                    running.send,
                    carrying.answers_topic(house.sender.gateway),
                    carrying.write_answer(signing.new_secret(), house.sender.gateway, forged),
                )
                with pytest.raises(courier.Unreachable, match="no answer"):
                    await asked
                holding.cancel()
                await asyncio.gather(holding, return_exceptions=True)

            asyncio.run(alone())
            assert field.waiting() == 3
            with acquisition.running_collector(acquisition.DEMO):
                acquisition.eventually(lambda: _state(bus) is values.BrokerState.CONNECTED)
                field.run_until_sent()

        assert house.stored() == rows(3)
        assert factory.incidents(house.gateway) == {}
        with scoping.scope([house.organization.pk], actor=identity.ACTOR):
            row = carriers.find(gateway_id=house.gateway.pk)
            seen = gateways.get_gateway(public_id=house.gateway.public_id, at=clock.now())
        assert row is not None
        assert row.is_encrypted
        assert seen.seen_from == "MQTT Cellar"


def _state(bus: models.Bus) -> values.BrokerState:
    with scoping.scope([bus.organization_id], actor=identity.ACTOR):
        return brokers.get_broker(bus=bus.public_id).state
