"""Messages of devices that send by themselves: mappings, recorded messages of Shelly, and whatever else may come."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from importlib import resources

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from meterbook.acquisition.contract import errors
from meterbook.acquisition.drivers import mqtt, sunspec
from meterbook.acquisition.drivers.mqtt import mapping, messages, session, shapes
from meterbook.acquisition.library import decode, documents
from meterbook.kernel.quantity import Unit

NOW = datetime(2026, 11, 26, 10, 0, tzinfo=UTC)
GENERIC = documents.load("json_electricity")
# As the makers' documentation of the messages prints them: model, topic below the device's own, message, what it says.
RECORDED = (
    ("shelly_pro_3em", "status/em:0",
     '{"id":0,"a_current":4.029,"a_voltage":236.1,"a_act_power":951.2,"a_aprt_power":951.9,"a_pf":1,"a_freq":50,'
     '"b_current":4.027,"b_voltage":236.201,"b_act_power":-951.1,"b_aprt_power":951.8,"b_pf":1,"b_freq":50,'
     '"c_current":3.03,"c_voltage":236.402,"c_active_power":715.4,"c_aprt_power":716.2,"c_pf":1,"c_freq":50,'
     '"n_current":11.029,"total_current":11.083,"total_act_power":2484.782,"total_aprt_power":2486.7}',
     {"power": 2485, "power_l1": 951, "power_l2": -951, "voltage_l1": 2361, "voltage_l2": 2362, "voltage_l3": 2364,
      "current_l1": 4029, "current_l2": 4027, "current_l3": 3030, "frequency": 5000}),
    ("shelly_pro_3em", "status/emdata:0",
     '{"id":0,"a_total_act_energy":0,"a_total_act_ret_energy":0,"b_total_act_energy":0,"b_total_act_ret_energy":0,'
     '"c_total_act_energy":0,"c_total_act_ret_energy":0,"total_act":1234567.89,"total_act_ret":0}',
     {"energy_import": 1_234_568, "energy_export": 0}),
    ("shelly_pro_em", "status/em1:0",
     '{"id":0,"current":4.029,"voltage":236.1,"act_power":951.2,"aprt_power":951.9,"pf":1,"freq":50,'
     '"calibration":"factory"}',
     {"power": 951, "voltage_l1": 2361, "current_l1": 4029, "frequency": 5000}),
    ("shelly_pro_em", "status/em1data:0",
     '{"id":0,"total_act_energy":2776.175,"total_act_ret_energy":571.584}',
     {"energy_import": 2776, "energy_export": 572}),
    ("shelly_switch_pm", "status/switch:0",
     '{"id":0,"source":"timer","output":true,"apower":8.9,"voltage":237.5,"current":0.045,'
     '"aenergy":{"total":6.532,"by_minute":[45.199,47.141,88.397],"minute_ts":1626935779},"temperature":{"tC":23.5}}',
     {"energy_import": 7, "power": 9, "voltage_l1": 2375, "current_l1": 45}),
    ("shelly_em_gen1", "emeter/0/total", "5021.4", {"energy_import": 5021}),
)  # fmt: skip


def told(payload: bytes, places: list[mapping.Place], time: str = "") -> messages.Told:
    return messages.read(payload, places, time, now=NOW)


class TestRecordedMessages:
    @pytest.mark.parametrize(
        ("code", "topic", "payload", "expected"), RECORDED, ids=[f"{each[0]}-{each[1]}" for each in RECORDED]
    )
    def test_say_what_they_said(self, code: str, topic: str, payload: str, expected: dict[str, int]) -> None:
        model = documents.load(code)
        found = shapes.of_model(model, 0)
        assert found is not None
        read = told(payload.encode(), [each for each in found.places if each.topic == topic])
        registers = [each for each in model.registers if each.code in {record.name for record in read.records}]

        assert {each.code: each.value for each in decode.decode_records(registers, read.records).samples} == expected

    def test_are_as_many_as_the_manifest_says(self) -> None:
        for package in (mqtt, sunspec):
            manifest = yaml.safe_load((resources.files(package) / "manifest.yaml").read_text())
            assert manifest["quality"]["published_frames"] == (len(RECORDED) if package is mqtt else 0)

    def test_of_another_channel_have_its_number_in_their_topics(self) -> None:
        found = shapes.of_model(documents.load("shelly_em_gen1"), 2)

        assert found is not None
        assert found.topics[0] == "emeter/2/total"


class TestAMapping:
    def test_is_written_as_it_was_read(self) -> None:
        text = (
            "energy_import: status/emdata:0 /a/total_act Wh\npower: . × -0.001 kW\npower_factor: /pf\n"
            "voltage_l1: /list/0/v~1x V\ntime: /at"
        )
        found = mapping.read(text, GENERIC)

        assert mapping.read(found.written(GENERIC), GENERIC) == found
        assert mapping.MessageMap.from_json(json.loads(json.dumps(found.as_json()))) == found
        assert mapping.check(found, GENERIC) == found
        assert found.places[1] == mapping.Place("power", "", ".", Decimal("-0.001"), Unit.KW)
        assert found.topics == ("status/emdata:0", "")

    @pytest.mark.parametrize(
        ("text", "code"),
        [
            ("", "EMPTY"),
            ("time: /ts", "EMPTY"),
            ("energy_import", "FORM"),
            ("energy_import: /e kWh more", "FORM"),
            ("time: /ts s", "FORM"),
            ("nothing: /e", "REGISTER"),
            ("energy_import: a/+ /e", "TOPIC"),
            ("energy_import: topic", "POINTER"),
            ("energy_import: /a~2", "POINTER"),
            ("power: /p × 0 W", "FACTOR"),
            ("power: /p ×", "FACTOR"),
            ("power: /p mW", "UNIT"),
            ("power: /p kWh", "DIMENSION"),
            ("power: /p W\npower: /q W", "TWICE"),
            ("\n".join(["power: /p W"] * 65), "TOO_LONG"),
        ],
    )
    def test_that_cannot_be_is_named_with_its_line(self, text: str, code: str) -> None:
        with pytest.raises(mapping.MappingWrong) as caught:
            mapping.read(text, GENERIC)

        assert caught.value.code == code


class TestAMessage:
    PLACES = mapping.read("energy_import: /e kWh\npower: /list/1/p W", GENERIC).places

    def test_is_read_exactly(self) -> None:
        payload = b'{"e": "12345678901.2345", "list": [0, {"p": 1.1e3}]}'

        read = told(payload, list(self.PLACES))

        assert [each.number for each in read.records] == [Decimal("12345678901.2345"), Decimal(1100)]

    @pytest.mark.parametrize(
        "payload",
        [b'{"e": true}', b'{"e": null}', b'{"e": "x"}', b'{"e": 1e999}', b'{"e": ' + b"9" * 5000 + b"}", b"[]", b"7"],
        ids=["truth", "null", "text", "huge", "long", "list", "number"],
    )
    def test_without_a_number_lacks_the_value(self, payload: bytes) -> None:
        read = told(payload, list(self.PLACES[:1]))

        assert read.records == ()
        assert read.missing[0].data["register"] == "energy_import"

    @pytest.mark.parametrize("payload", [b"{", b"\xff", b'{"e": NaN}', b"[" * 100_000, b" " * 70_000, b""])
    def test_that_is_no_json_is_refused(self, payload: bytes) -> None:
        with pytest.raises(messages.MessageUnreadable):
            told(payload, list(self.PLACES))

    @pytest.mark.parametrize(
        ("time", "at"),
        [
            (1_795_687_200, NOW),
            (1_795_687_200_000, NOW),
            ("1795687199.9", NOW - timedelta(seconds=1)),
            ("2026-11-26T11:00:00+01:00", NOW),
            (1_795_687_260, NOW),  # its clock is a minute ahead: it cannot have measured what is to come
        ],
    )
    def test_has_a_time_of_its_own(self, time: object, at: datetime) -> None:
        read = told(json.dumps({"e": 1, "t": time}).encode(), list(self.PLACES[:1]), "/t")

        assert read.at == at

    @pytest.mark.parametrize("time", [None, "yesterday", "2026-11-26T11:00:00", 1_795_690_900, 5, -1, 1e30, [], "1e99"])
    def test_of_a_time_that_cannot_be_is_refused(self, time: object) -> None:
        with pytest.raises(messages.TimeWrong):
            told(json.dumps({"e": 1, "t": time}).encode(), list(self.PLACES[:1]), "/t")

    @given(st.binary(max_size=200) | st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["e", "list", "p", "t", ""]), inner),
    ).map(lambda each: json.dumps(each).encode()))  # fmt: skip
    def test_of_any_kind_is_read_or_refused(self, payload: bytes) -> None:
        try:
            read = told(payload, list(self.PLACES), "/t")
        except errors.DeviceError:
            return
        assert len(read.records) + len(read.missing) == len(self.PLACES)


@pytest.mark.parametrize(
    ("address", "is_local"),
    [("127.0.0.1", True), ("::ffff:10.0.0.1", True), ("fe80::1%eth0", True), ("8.8.8.8", False), ("2a00::1", False)],
)
def test_a_broker_is_local_or_not(address: str, is_local: bool) -> None:
    assert session.is_local(address) is is_local


@pytest.mark.parametrize("door", [{"user": "u", "password": "p"}, {"is_encrypted": True}], ids=["clear", "anonymous"])
def test_a_broker_outside_is_not_entered_unprotected(door: dict[str, object]) -> None:
    async def enter() -> None:
        given = {"name": "mqtt.example", "address": "8.8.8.8", "port": 1883, "client_id": "test", **door}
        async with session.connect(session.Door(**given)):  # type: ignore[arg-type]
            pass

    with pytest.raises(session.BrokerUnprotected):
        asyncio.run(enter())
