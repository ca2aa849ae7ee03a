"""The collector at a real broker of MQTT: messages become readings as those of polled meters do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from meterbook.acquisition import brokers, models, operations, values
from meterbook.foundation import scoping
from meterbook.foundation.tls import authority
from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from meterbook.sites import models as site_models
from tests.factories import acquisition as factory
from tests.factories import identity, mqtt, sites

# A collector serves every organization of its database: here it shall have only those of the test.
pytestmark = pytest.mark.usefixtures("empty_database")
EMDATA = {"id": 0, "total_act": 1_234_567.8, "total_act_ret": 12.3}
EM = {"id": 0, "total_act_power": 2484.782, "a_act_power": 951.2, "b_act_power": 1500, "c_act_power": 33.582,
      "a_voltage": 236.1, "b_voltage": 235.9, "c_voltage": None, "a_freq": 50}  # fmt: skip


def place() -> tuple[identity_models.Organization, site_models.Site]:
    """A site of a new organization."""
    organization = identity.organization()
    return organization, sites.site(organization=organization)


def seen(bus: models.Bus) -> brokers.BrokerRow:
    """The broker as a screen sees it."""
    with scoping.scope([bus.organization_id], actor=factory.ACTOR):
        return brokers.get_broker(bus=bus.public_id)


def is_connected(bus: models.Bus) -> bool:
    """Whether the collector has entered the broker."""
    return seen(bus).state is values.BrokerState.CONNECTED


@pytest.mark.spec("M-016/4")
class TestMessages:
    def test_of_known_and_of_any_devices_become_readings_once(self, tmp_path: Path) -> None:
        organization, site = place()
        with mqtt.running_broker(tmp_path) as running:
            bus = mqtt.broker(site=site, port=running.port)
            shelly, shelly_series = mqtt.heard_meter(
                organization=organization, on=bus, model_code="shelly_pro_3em", topic="shellypro3em-1"
            )
            gen1, gen1_series = mqtt.heard_meter(
                organization=organization, on=bus, model_code="shelly_em_gen1", topic="shellies/em-7"
            )
            _, own_series = mqtt.heard_meter(
                organization=organization,
                on=bus,
                topic="riser/1",
                text="energy_import: /m/0/total × 0.5 Wh\npower: /p W\ntime: /ts",
            )
            _, water = mqtt.heard_meter(
                organization=organization, on=bus, model_code="json_water", topic="cold", text="volume: up /l L"
            )
            running.send("riser/1", {"m": [{"total": "9"}], "ts": clock.now().isoformat()}, is_retained=True)
            with factory.running_collector(factory.DEMO):
                factory.eventually(lambda: is_connected(bus))
                running.send("shellypro3em-1/status/emdata:0", EMDATA)
                running.send("shellypro3em-1/status/em:0", EM)
                running.send("shellypro3em-1/status/em:0", {"id": 0})
                running.send("shellies/em-7/emeter/0/total", b"5021.4")
                running.send("cold/up", {"l": 1500})
                late = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)
                for total, at in ((2_000_000, late + timedelta(hours=2)), (1_000_000, late), (1_000_000, late)):
                    running.send("riser/1", {"m": [{"total": total}], "p": 7.5, "ts": at.timestamp()})
                running.send("riser/1", b"no json")
                energy = factory.eventually(lambda: factory.stored(shelly_series["energy_import"]))
                small = factory.eventually(lambda: factory.stored(gen1_series["energy_import"]))
                volume = factory.eventually(lambda: factory.stored(water["volume"]))
                own = factory.eventually(
                    lambda: len(found := factory.stored(own_series["energy_import"])) == 2 and found
                )
                shown = factory.eventually(lambda: factory.shown_device(shelly).status is values.DeviceStatus.OK)

        assert shown
        assert [value for _, value in energy] == [1_234_568]  # Wh of a resolution of 0.001 kWh
        assert [value for _, value in factory.stored(shelly_series["energy_export"])] == [12]
        assert [value for _, value in small] == [5_021]
        assert [value for _, value in volume] == [1_500]
        assert own == [(late, 500_000), (late + timedelta(hours=2), 1_000_000)]
        assert bytes.fromhex(factory.shown_device(gen1).response_hex) == b"5021.4"

    def test_that_cannot_be_used_are_named_at_the_device(self, tmp_path: Path) -> None:
        organization, site = place()
        with mqtt.running_broker(tmp_path) as running:
            bus = mqtt.broker(site=site, port=running.port)
            device, series = mqtt.heard_meter(
                organization=organization, on=bus, text="energy_import: /energy kWh\ntime: /at", seconds=1
            )

            def problem() -> str:
                found = factory.shown_device(device).problem
                return found.code if found is not None else ""

            with factory.running_collector(factory.DEMO):
                factory.eventually(lambda: problem() == "NO_MESSAGE")
                request = factory.request(device)
                for payload, code in (
                    ({"energy": 5}, "MESSAGE_TIME"),
                    ({"energy": 5, "at": "2030-01-01T00:00:00Z"}, "MESSAGE_TIME"),
                    ({"energy": "five", "at": clock.now().isoformat()}, "NO_VALUE"),
                    ({"energy": -5, "at": clock.now().isoformat()}, "NONSENSE"),
                    (b"{", "NO_JSON"),
                ):
                    factory.eventually(lambda p=payload, c=code: running.send("riser/1", p) or problem() == c)
                answered = factory.eventually(
                    lambda: (row := factory.shown_request(device.organization_id, request)).is_final and row
                )

        assert not factory.stored(series["energy_import"])
        assert answered.problem is not None


class TestTheBroker:
    def test_is_entered_with_password_and_certificate_and_entered_again_when_it_was_gone(self, tmp_path: Path) -> None:
        organization, site = place()
        files = authority.ensure(tmp_path, ["localhost"], at=datetime.now(UTC))
        pem = authority.root_path(tmp_path).read_text()
        with mqtt.running_broker(tmp_path, users={"mall": "pass word"}, files=files) as running:
            bus = mqtt.broker(
                site=site, port=running.port, host="localhost", user="mall", password="pass word", authority=pem
            )
            _, series = mqtt.heard_meter(
                organization=organization, on=bus, text="energy_import: /energy kWh\ntime: /at"
            )
            at = datetime.now(UTC).replace(microsecond=0)

            def send(hours: int) -> None:
                when = (at - timedelta(hours=hours)).isoformat()
                running.send("riser/1", {"energy": 100 - hours, "at": when})

            with factory.running_collector(factory.DEMO):
                factory.eventually(lambda: is_connected(bus))
                send(2)
                factory.eventually(lambda: factory.stored(series["energy_import"]))
                running.stop()
                factory.eventually(lambda: seen(bus).state is values.BrokerState.RETRYING)
                running.start()
                factory.eventually(lambda: is_connected(bus))
                send(2)
                send(1)
                found = factory.eventually(lambda: len(rows := factory.stored(series["energy_import"])) == 2 and rows)

        assert [value for _, value in found] == [98_000, 99_000]

    def test_that_lets_us_not_in_says_why(self, tmp_path: Path) -> None:
        _, site = place()
        files = authority.ensure(tmp_path, ["localhost"], at=datetime.now(UTC))
        pem = authority.root_path(tmp_path).read_text()
        other = tmp_path / "other"
        authority.ensure(other, ["localhost"], at=datetime.now(UTC))

        def problem(bus: models.Bus) -> str:
            found = seen(bus).problem
            return found.code if found is not None else ""

        with mqtt.running_broker(tmp_path, users={"mall": "right"}, files=files) as running:
            at_door = {"port": running.port, "user": "mall"}
            wrong = mqtt.broker(site=site, host="localhost", password="wrong", authority=pem, **at_door)
            named = mqtt.broker(site=site, host="127.0.0.1", password="right", authority=pem, name="Other", **at_door)
            foreign = mqtt.broker(
                site=sites.site(organization=identity.organization()),
                host="localhost",
                password="right",
                authority=authority.root_path(other).read_text(),
                **at_door,
            )
            with factory.running_collector(factory.DEMO):
                assert factory.eventually(lambda: problem(wrong)) == "BROKER_REFUSED"
                assert factory.eventually(lambda: problem(named)) == "BROKER_TLS"
                assert factory.eventually(lambda: problem(foreign)) == "BROKER_TLS"
                with scoping.scope([wrong.organization_id], actor=factory.ACTOR):
                    facts = operations.BrokerFacts(
                        "Right",
                        "localhost",
                        running.port,
                        user="mall",
                        password="right",
                        is_encrypted=True,
                        authority=pem,
                    )
                    operations.change_broker(
                        actor=factory.ACTOR, at=factory.AT, bus=wrong.public_id, facts=facts, allowed=factory.DEMO
                    )
                factory.eventually(lambda: is_connected(wrong))
