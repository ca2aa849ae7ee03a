"""What is spoken with a gateway: chosen on the pages and through the API, tested, corrected, read by the command."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from meterbook.acquisition import models as acquisition_models
from meterbook.acquisition import networks, operations, probing, values
from meterbook.acquisition.values import ASKED, POLLED, BusProtocol
from meterbook.foundation import scoping
from meterbook.kernel import clock
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models
from meterbook_lab.gateway_sim import SimulatedGateway
from meterbook_lab.mbus_server import SimulatedMbus
from meterbook_lab.modbus_rtu import RtuServer
from meterbook_lab.modbus_server import ModbusServer
from tests.factories import acquisition, api, identity, lab, sites
from tests.journeys import test_exchanging_meters, test_read_command, test_setting_up

HEAT = {"service": "HEATING", "model_code": "kamstrup_multical_601", "protocol": "MBUS_TCP", "port": "", "unit_id": "7"}


@pytest.fixture
def newcomer(settings: Settings, empty_database: str) -> test_setting_up.Newcomer:
    settings.IS_DEMO = True
    made = test_setting_up.Newcomer()
    sites.site(organization=made.organization)
    return made


@pytest.fixture
def meters() -> Iterator[SimulatedMbus]:
    with lab.running_mbus({7: "kamstrup_multical_601", 9: "siemens_wfh21"}) as running:
        yield running


def only_bus(newcomer: test_setting_up.Newcomer) -> tuple[acquisition_models.Bus, acquisition_models.Device]:
    with scoping.scope([newcomer.organization.pk], actor=identity.ACTOR):
        device = acquisition_models.Device.objects.select_related("bus").get(organization_id=newcomer.organization.pk)
        return device.bus, device


class TestPages:
    def test_offer_every_kind_of_line_and_keep_what_was_chosen(self, newcomer: test_setting_up.Newcomer) -> None:
        form = newcomer.page("meter_new")
        assert all(f'value="{each.value}"' in form for each in ASKED)
        assert "More about the line" in form

        page = newcomer.set_up_meter(**HEAT, secondary="0685 5817", pause_ms="120", baud="300")

        bus, device = only_bus(newcomer)
        assert "is set up" in page
        assert (bus.protocol, bus.port, bus.baud, bus.parity, bus.pause_ms) == ("MBUS_TCP", 10_001, 300, "E", 120)
        assert (device.unit_id, device.secondary, device.live_seconds) == (253, "06855817FFFFFFFF", 900)
        tree = newcomer.page("topology")
        assert "M-Bus through a TCP converter" in tree
        assert "300 baud, pause 120 ms" in tree

    def test_set_up_a_serial_port_that_is_allowed(
        self, newcomer: test_setting_up.Newcomer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("MB_SERIAL_PORTS", "/dev/ttyUSB0")
        given = {"protocol": "MODBUS_SERIAL", "port": "", "parity": "O", "stop_bits": "2"}

        refused = newcomer.set_up_meter(**given, host="/dev/ttyUSB1")
        newcomer.set_up_meter(**given, host="/dev/ttyUSB0")

        bus, _ = only_bus(newcomer)
        assert "/dev/ttyUSB1 is not allowed" in refused.partition('id="id_host-problem-1"')[2][:900]
        assert (bus.host, bus.port, bus.baud, bus.parity, bus.stop_bits) == ("/dev/ttyUSB0", 0, 9_600, "O", 2)
        assert "9600 8O2" in newcomer.page("topology")
        assert ":0" not in newcomer.page("topology").partition("/dev/ttyUSB0")[2][:40]

    @pytest.mark.parametrize(
        ("changes", "field", "words"),
        [
            ({"protocol": "MODBUS_TCP"}, "protocol", "does not speak that"),
            ({"unit_id": "251"}, "unit_id", "less than or equal to 250"),
            ({"secondary": "12"}, "secondary", "Write the 8 digits"),
            ({"model_code": "eastron_sdm630", "service": "ELECTRICITY"}, "protocol", "does not speak that"),
            ({"pause_ms": "9000"}, "pause_ms", "less than or equal to 5000"),
        ],
        ids=["other_protocol", "address", "number", "other_model", "pause"],
    )
    def test_say_beside_the_field_what_cannot_be(
        self, newcomer: test_setting_up.Newcomer, changes: dict[str, str], field: str, words: str
    ) -> None:
        page = newcomer.set_up_meter(**{**HEAT, **changes})

        assert words in page.partition(f'id="id_{field}-problem-1"')[2][:900]
        assert newcomer.count()["Bus"] == 0

    def test_correct_what_is_spoken(self, newcomer: test_setting_up.Newcomer) -> None:
        newcomer.set_up_meter()
        with scoping.scope([newcomer.organization.pk], actor=identity.ACTOR):
            point = metering_models.MeterPoint.objects.get(organization_id=newcomer.organization.pk)
        href = newcomer.href("meter_connection", point.public_id)
        given = {"gateway_name": "Cellar", "host": "127.0.0.1", "port": "502", "unit_id": "7", "pause_ms": "50"}

        other = newcomer.client.post(href, {**given, "protocol": "MBUS_TCP"})
        done = newcomer.client.post(href, {**given, "protocol": "MODBUS_RTU_TCP"})

        bus, _ = only_bus(newcomer)
        assert (other.status_code, done.status_code) == (422, 302)
        assert (bus.protocol, bus.pause_ms) == ("MODBUS_RTU_TCP", 50)
        assert '<option value="MODBUS_RTU_TCP" selected>' in newcomer.client.get(href).content.decode()

    def test_ask_for_the_number_of_the_meter_that_comes(self, newcomer: test_setting_up.Newcomer) -> None:
        newcomer.set_up_meter(**HEAT, secondary="06855817")
        with scoping.scope([newcomer.organization.pk], actor=identity.ACTOR):
            point = metering_models.MeterPoint.objects.get(organization_id=newcomer.organization.pk)
            meter = metering_models.Meter.objects.get(organization_id=newcomer.organization.pk)
        href = newcomer.href("meter_exchange", point.public_id)
        given = {**test_exchanging_meters.METER, "old": str(meter.public_id), "model_code": HEAT["model_code"]}

        form = newcomer.client.get(href).content.decode()
        nobody = newcomer.client.post(href, {**given, "unit_id": "", "secondary": ""}).content.decode()
        wrong = newcomer.client.post(href, {**given, "unit_id": "", "secondary": "7"}).content.decode()

        assert 'name="secondary"' in form
        assert 'value="253"' not in form
        assert "Give the address" in nobody.partition('id="id_unit_id-problem-1"')[2][:900]
        assert "Write the 8 digits" in wrong.partition('id="id_secondary-problem-1"')[2][:900]

    def test_test_read_shows_every_record_of_an_m_bus_meter(
        self, newcomer: test_setting_up.Newcomer, meters: SimulatedMbus
    ) -> None:
        with scoping.scope([newcomer.organization.pk], actor=identity.ACTOR):
            site = site_models.Site.objects.get(organization_id=newcomer.organization.pk)
        asked = {**test_setting_up.METER, **HEAT, "port": str(meters.port), "site": str(site.public_id)}
        assert "Asking address 7" in newcomer.client.post(newcomer.href("meter_probe"), asked).content.decode()
        with scoping.scope([newcomer.organization.pk], actor=identity.ACTOR):
            probe = acquisition_models.Probe.objects.get(organization_id=newcomer.organization.pk)
        href = newcomer.href("meter_probe_state", probe.public_id)
        with acquisition.running_collector():
            shown = acquisition.eventually(
                lambda: page if "We read" in (page := newcomer.client.get(href).content.decode()) else None
            )

        assert "37,351.000" in shown
        assert "KAM 06855817" in shown
        assert "volume.storage1" in shown
        assert "Temperature difference" in shown
        assert "Order of the bytes" not in shown


class TestTestReads:
    @pytest.mark.parametrize("protocol", POLLED, ids=lambda each: each.value.lower())
    def test_go_over_the_right_kind_of_line(
        self, protocol: BusProtocol, meters: SimulatedMbus, empty_database: str
    ) -> None:
        speaks = RtuServer if protocol in (BusProtocol.MODBUS_RTU_TCP, BusProtocol.MODBUS_SERIAL) else ModbusServer
        with lab.running_gateway(units={7: "carlo_gavazzi_em24"}, speaks=speaks) as gateway:
            place: SimulatedMbus | SimulatedGateway = meters if protocol.is_mbus else gateway
            path = place.serial.path if place.serial is not None else ""
            allowed = networks.AllowedNetworks(is_demo=True, serial_ports=(path,))
            asked = operations.Place(
                unit_id=7,
                host=path if protocol.is_serial else "127.0.0.1",
                port=0 if protocol.is_serial else place.port,
                protocol=protocol,
                line=values.LineSettings(),
            )
            model = "kamstrup_multical_601" if protocol.is_mbus else "carlo_gavazzi_em24"
            site = sites.site(organization=identity.organization())
            with acquisition.running_collector(allowed):
                made = acquisition.probe(site, place=asked, model_code=model, allowed=allowed)
                row = acquisition.eventually(
                    lambda: row if (row := acquisition.shown_probe(site, made)).is_final else None
                )

        assert row.status is values.RequestStatus.ANSWERED, row.problem
        assert {each.code for each in row.samples(row.proposed)} == {each.code for each in row.model.registers}
        marked = row.main_frame()
        assert marked is not None
        assert marked.marked.hex() == row.raw[row.main.code]

    def test_search_names_the_models_by_who_the_meters_say_they_are(
        self, meters: SimulatedMbus, empty_database: str
    ) -> None:
        site = sites.site(organization=identity.organization())
        place = operations.Place(
            unit_id=6,
            host="127.0.0.1",
            port=meters.port,
            protocol=BusProtocol.MBUS_TCP,
            line=values.LineSettings(38_400),
        )
        with acquisition.running_collector():
            with scoping.scope([site.organization_id], actor=acquisition.ACTOR):
                asked = operations.request_probe(
                    actor=acquisition.ACTOR,
                    at=clock.now(),
                    real_at=clock.real_now(),
                    site=site.public_id,
                    model_code="siemens_wfh21",
                    place=place,
                    allowed=acquisition.DEMO,
                    until_unit=9,
                )

            def found() -> probing.SearchRow | None:
                with scoping.scope([site.organization_id], actor=acquisition.ACTOR):
                    row = probing.get_search(public_id=asked, real_at=clock.real_now())
                return row if row.status.is_final else None

            row = acquisition.eventually(found)

        assert row.found == ((7, ("kamstrup_multical_601",)), (9, ("siemens_wfh21",)))


class TestApi:
    def test_takes_and_tells_what_is_spoken(self, newcomer: test_setting_up.Newcomer) -> None:
        program = api.program(organization=newcomer.organization)
        site = program.get("/sites").json()["items"][0]["id"]
        given = {
            "site": site,
            "code": "H-1",
            "name": "Heat",
            "service": "HEATING",
            "serial_number": "H1",
            "model": "landis_gyr_ultraheat_t230",
            "connection": {
                "secondary": "66660205",
                "new_gateway": {
                    "name": "Cellar",
                    "host": "127.0.0.1",
                    "protocol": "MBUS_TCP",
                    "line": {"baud": 300, "pause_ms": 40},
                },
            },
        }
        nobody = program.post("/meter-points", {**given, "connection": {"new_gateway": {"name": "x", "host": "y"}}})
        made = program.post("/meter-points", given)
        gateway = program.get("/gateways").json()["items"][0]
        probe = program.post("/probes", {"site": site, "model": given["model"], "gateway": gateway["id"], "unit_id": 0})
        refused = program.post(
            "/probes", {"site": site, "model": "eastron_sdm630", "gateway": gateway["id"], "unit_id": 1}
        )

        assert api.problem(nobody)["errors"][0]["pointer"] == "/body/connection/unit_id"
        assert made.status_code == 201, made.content
        assert (gateway["protocol"], gateway["port"]) == ("MBUS_TCP", 10_001)
        assert gateway["line"] == {"baud": 300, "parity": "E", "stop_bits": 1, "pause_ms": 40}
        assert only_bus(newcomer)[1].secondary == "66660205FFFFFFFF"
        assert probe.json()["records"] == []
        assert api.problem(refused)["errors"][0]["pointer"] == "/body/model"


class TestReadCommand:
    def test_reads_over_each_kind_of_line(self, meters: SimulatedMbus, capsys: pytest.CaptureFixture[str]) -> None:
        heat = ["--model", "kamstrup_multical_601", "--host", "127.0.0.1", "--port", str(meters.port)]
        assert test_read_command.command(*heat, "--unit", "06855817", "--baud", "38400", "--json") == 0
        report = json.loads(capsys.readouterr().out)
        assert report["unit"] == "06855817FFFFFFFF"
        shown = {each["code"]: (each["value"], each["address"]) for each in report["values"]}
        assert shown["heat"] == ("37351.000", "energy")

        port = ["--host", meters.serial.path, "--line", "serial", "--parity", "N"]
        assert test_read_command.command(*heat[:2], *port, "--unit", "7") == 0
        assert f"unit 7 at {meters.serial.path}\n" in capsys.readouterr().out
        assert test_read_command.command(*heat, "--unit", "7", "--line", "rtu") == 2
        assert "choose --line tcp or serial" in capsys.readouterr().err
        with lab.running_gateway(units={2: "carlo_gavazzi_em24"}, speaks=RtuServer) as gateway:
            asked = test_read_command.target(gateway, unit=2, model="carlo_gavazzi_em24")
            assert test_read_command.command(*asked, "--line", "rtu", "--pause", "5") == 0
            assert gateway.serial is not None
            serial = ["--model", "carlo_gavazzi_em24", "--unit", "2", "--line", "serial", "--host", gateway.serial.path]
            assert test_read_command.command(*serial) == 0
