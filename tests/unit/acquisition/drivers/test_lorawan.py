"""LoRaWAN payloads: stored readings, alarms, faults, spellings of profiles."""

from __future__ import annotations

from decimal import Decimal

import pytest

from meterbook.acquisition.contract.decoding import DecodeError, Options, Plain
from meterbook.acquisition.drivers import decoding
from meterbook.acquisition.drivers.lorawan import decoding as lorawan

W1 = "01aeac986a003217000000000000000000008003800054000e4005100048000240020000200000000000000000000000000000"


def decode(profile: str, payload: str, *, port: int | None = None) -> dict[str, Plain]:
    return decoding.decode(f"lorawan:{profile}", bytes.fromhex(payload), Options(port=port))


class TestMilesight:
    def test_keeps_stored_readings_with_their_time(self) -> None:
        told = decode("milesight-em300-di", "20ce" + "00f1536534016502" + "00" + "10270000")

        assert told["history"] == [
            {"timestamp": 0x6553_F100, "temperature": Decimal("30.8"), "humidity": Decimal("50.5"), "pulse": 10_000}
        ]

    def test_reads_pulses_of_several_inputs(self) -> None:
        told = decode("milesight-uc300", "03c8ffffffff04c801000000")

        assert told == {"pulse_count_1": 2**32 - 1, "pulse_count_2": 1}

    def test_reads_modbus_values_behind_the_device(self) -> None:
        told = decode("milesight-uc300", "ff1900040500401c46" + "ff1901020313ff")

        assert told["modbus_channels"] == [{"index": 1, "reading": 10_000}, {"index": 2, "reading": 0xFF13}]

    def test_tells_a_clamp_that_failed(self) -> None:
        assert decode("milesight-ct101", "0397102700000498ffff0967fdff") == {
            "total_current": Decimal("100.00"),
            "current_sensor_status": "read failed",
            "temperature_sensor_status": "over range alarm",
        }

    def test_tells_what_the_device_is(self) -> None:
        told = decode("milesight-em500-udl", "ff0101ff166136b1234567890aff090310ff0a0101ff0f00ff0bff")

        assert told == {
            "ipso_version": "v0.1",
            "sn": "6136b1234567890a",
            "hardware_version": "v3.1",
            "firmware_version": "v1.1",
            "lorawan_class": "Class A",
            "device_status": "on",
        }

    def test_says_what_was_read_before_a_fault(self) -> None:
        with pytest.raises(DecodeError, match="byte 5: temperature needs 2 bytes") as caught:
            decode("milesight-am107", "01755c036701")

        assert caught.value.known == {"battery": 92}

    def test_hands_on_what_it_does_not_know(self) -> None:
        told = decode("milesight-am308", "01755c056a4900")  # as the maker's own decoder stops there

        assert (told["battery"], told["undecoded"]) == (92, "056a4900")
        assert told["note"] == "byte 3: channel 05 of type 6a is none of milesight-am308"
        with pytest.raises(DecodeError, match="channel 05 of type 6a"):
            decode("milesight-am308", "056a4900")


class TestAxioma:
    def test_sums_its_hours_to_the_present_volume(self) -> None:
        told = decode("axioma-qalcosonic-w1", W1, port=100)

        assert isinstance(told["hourly_delta_m3"], list)
        assert told["log_volume_m3"] + sum(told["hourly_delta_m3"]) == told["current_volume_m3"]  # type: ignore[operator]

    def test_of_the_plain_kind_has_hours_of_two_bytes(self) -> None:
        told = decode("axioma-qalcosonic-w1", "aeac986a00a6170000" + "2c5b976a" + "32170000" + "0e000800" + "0000")

        assert told["current_volume_m3"] == Decimal("6.054")
        assert told["log_volume_m3"] == Decimal("5.938")
        assert told["hourly_delta_m3"] == [Decimal("0.014"), Decimal("0.008"), 0]

    @pytest.mark.parametrize(
        ("status", "flag"),
        [(0x04, "low_battery"), (0x08, "permanent_error"), (0x10, "pipe_empty"), (0x60, "backflow"), (0xA0, "burst")],
    )
    def test_tells_its_alarms(self, status: int, flag: str) -> None:
        assert decode("axioma-qalcosonic-w1", f"aeac986a{status:02x}a6170000")[flag] is True


class TestFaults:
    @pytest.mark.parametrize(
        ("profile", "payload", "port", "complaint"),
        [
            ("axioma-qalcosonic-w1", W1, 3, "on port 100, this is port 3"),
            ("axioma-qalcosonic-w1", W1[:-2], None, "byte 17: the hourly volumes"),
            ("axioma-qalcosonic-w1", W1[:-2] + "04", None, "multiplier 1"),
            ("milesight-am107", "0367", None, "byte 2: temperature needs 2 bytes, 0 are left"),
            ("milesight-am107", "01", None, "byte 1: type of channel"),
            ("elsys", "ff", None, "0xff is no type of Elsys"),
            ("adeunis-pulse", "30670000", None, "holds no counter"),
            ("dragino-sw3l", "00" * 11, 5, "port 2 or 3"),
            ("dragino-sw3l", "00" * 12, 3, "stored reading needs 11 bytes"),
            ("elvaco-cmi4110", "000c14979a9900", 2, "no decimal digits"),
            ("elvaco-cmi4110", "000c1397899900", 2, "DIF 0c with VIF 13"),
            ("nke-watteco-pulse-senso", "2235000200", 125, "batch"),
            ("sensative-strips", "ffff7f", 1, "127 is no type"),
            ("acme", "00", None, "is no profile; write lorawan:PROFILE with one of milesight-am104"),
        ],
    )
    def test_name_the_place(self, profile: str, payload: str, port: int | None, complaint: str) -> None:
        with pytest.raises(DecodeError, match=complaint):
            decode(profile, payload, port=port)


class TestOtherMakers:
    def test_dragino_counts_pulses_and_liters(self) -> None:
        told = decode("dragino-sw3l", "0a0000011400" + "00" + "65535880", port=2)

        assert told["Total_pulse"] == 276
        assert told["Water_flow_value"] == Decimal("4.6")  # 60 pulses a liter
        assert told["Alarm"] == "TRUE"

    def test_nke_reads_an_energy_meter(self) -> None:
        told = decode(
            "nke-watteco-smart-plug", "110a00520000410c" + "000064" + "fffffb" + "003c" + "00c8" + "ff38", port=125
        )

        assert told["data"] == [
            {"label": "ActiveEnergyWh", "value": 100},
            {"label": "ReactiveEnergyVarh", "value": -5},
            {"label": "NbSamples", "value": 60},
            {"label": "ActivePowerW", "value": 200},
            {"label": "ReactivePowerVar", "value": -200},
        ]

    def test_elvaco_has_negative_flows_and_tariffs(self) -> None:
        told = decode("elvaco-cmi4110", "00" + "0c0678563412" + "0c0711000000" + "0b3b0100f0", port=2)

        assert told == {"energy": 12_345_678, "energy_tariff_1": 110, "flow": Decimal("-0.001")}


@pytest.mark.parametrize("spelling", ["milesight-iot/am107-codec", "Milesight-AM107", "milesight_am107"])
def test_profiles_may_be_spelled_as_their_makers_do(spelling: str) -> None:
    assert lorawan.named(spelling) == "milesight-am107"
