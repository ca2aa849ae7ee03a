"""The collector on lines of other kinds than Modbus TCP: RTU within TCP, and a serial port."""

from __future__ import annotations

import asyncio

import pytest

from meterbook.acquisition import networks, values
from meterbook.kernel import clock
from meterbook_lab.modbus_rtu import RtuServer
from meterbook_lab.modbus_server import ModbusServer
from tests.factories import acquisition as factory
from tests.factories import identity, lab, sites

# A collector serves every organization of its database: here it shall have only those of the test.
pytestmark = pytest.mark.usefixtures("empty_database")


class OneAtATime(ModbusServer):
    """Counts how many have a connection at once."""

    now = most = 0

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """This will answer what comes on a connection until it ends."""
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await super().converse(reader, writer)
        finally:
            self.now -= 1


class TestLines:
    @pytest.mark.parametrize("protocol", [values.BusProtocol.MODBUS_RTU_TCP, values.BusProtocol.MODBUS_SERIAL])
    def test_of_other_kinds_are_read_alike(self, protocol: values.BusProtocol) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        with lab.running_gateway(units={7: "carlo_gavazzi_em24"}, clock=clock.now, speaks=RtuServer) as gateway:
            assert gateway.serial is not None
            path = gateway.serial.path
            allowed = networks.AllowedNetworks(is_demo=True, serial_ports=(path,))
            host = path if protocol.is_serial else "127.0.0.1"
            bus = factory.bus(site=site, host=host, port=gateway.port, protocol=protocol, allowed=allowed)
            installed = factory.installed_meter(organization=organization, site=site, model_code="carlo_gavazzi_em24")
            factory.device(organization=organization, on=bus, meter=installed.meter, unit_id=7, live_seconds=1)
            with factory.running_collector(allowed):
                stored = factory.eventually(lambda: factory.stored(installed.series["energy_import"]))

        assert stored

    @pytest.mark.spec("M-016/3")
    @pytest.mark.parametrize(
        ("protocol", "secondary"),
        [
            (values.BusProtocol.MBUS_TCP, ""),
            (values.BusProtocol.MBUS_SERIAL, ""),
            (values.BusProtocol.MBUS_TCP, "06855817FFFFFFFF"),
        ],
        ids=["tcp", "serial", "by_number"],
    )
    def test_of_m_bus_bring_heat_and_volume(self, protocol: values.BusProtocol, secondary: str) -> None:
        organization = identity.organization()
        site = sites.site(organization=organization)
        with lab.running_mbus({7: "kamstrup_multical_601", 8: "siemens_wfh21"}) as meters:
            path = meters.serial.path
            allowed = networks.AllowedNetworks(is_demo=True, serial_ports=(path,))
            bus = factory.bus(
                site=site,
                host=path if protocol.is_serial else "127.0.0.1",
                port=meters.port,
                protocol=protocol,
                line=values.LineSettings(baud=38_400),  # a pseudo terminal knows no parity
                allowed=allowed,
            )
            model = "kamstrup_multical_601"
            installed = factory.installed_meter(organization=organization, site=site, model_code=model)
            device = factory.device(
                organization=organization,
                on=bus,
                meter=installed.meter,
                unit_id=7,
                live_seconds=1,
                secondary=secondary,
            )
            with factory.running_collector(allowed):
                heat = factory.eventually(lambda: factory.stored(installed.series["heat"]))
                volume = factory.eventually(lambda: factory.stored(installed.series["volume"]))
                shown = factory.eventually(lambda: factory.shown_device(device).response_hex)

        assert {value for _, value in heat} == {37_351_000}  # thousandths of a kWh
        assert {value for _, value in volume} == {561_080}
        assert shown.startswith("e568f7f7")

    def test_of_telegrams_bring_electricity_and_gas(self) -> None:
        """A P1 port: one telegram tells of the meter itself and of the gas meter that it hears."""
        organization = identity.organization()
        site = sites.site(organization=organization)
        with lab.running_telegrams(lab.p1_telegram) as meter:
            bus = factory.bus(
                site=site, port=meter.port, protocol=values.BusProtocol.DSMR_TCP, timeout_ms=5_000, retries=0
            )
            series = []
            for unit, model, code in ((0, "dsmr_electricity", "energy_import"), (1, "dsmr_gas", "volume")):
                installed = factory.installed_meter(organization=organization, site=site, model_code=model)
                device = factory.device(
                    organization=organization, on=bus, meter=installed.meter, unit_id=unit, live_seconds=1
                )
                series.append(installed.series[code])
            with factory.running_collector(factory.DEMO):
                meter.faults.is_garbled = True
                factory.eventually(lambda: meter.connections)
                meter.faults.is_garbled = False
                energy, gas = (factory.eventually(lambda each=each: factory.stored(each)) for each in series)  # type: ignore[misc]
                shown = factory.eventually(lambda: factory.shown_device(device).response_hex)

        assert {value for _, value in energy} == {7_000}
        assert [value for _, value in gas] == [107]
        assert gas[0][0].minute == gas[0][0].second == 0
        assert bytes.fromhex(shown).startswith(b"/")

    def test_to_one_place_are_used_in_turn(self) -> None:
        """Two buses lead to it by two names: what is behind it hears one question at a time, on one connection."""
        organization = identity.organization()
        site = sites.site(organization=organization)
        with lab.running_gateway(
            units={7: "carlo_gavazzi_em24", 8: "carlo_gavazzi_em24"}, clock=clock.now, speaks=OneAtATime
        ) as gateway:
            series = []
            for unit, host in ((7, "127.0.0.1"), (8, "localhost")):
                bus = factory.bus(site=site, host=host, port=gateway.port, timeout_ms=2000)
                model = "carlo_gavazzi_em24"
                installed = factory.installed_meter(organization=organization, site=site, model_code=model)
                factory.device(organization=organization, on=bus, meter=installed.meter, unit_id=unit, live_seconds=1)
                series.append(installed.series["energy_import"])
            with factory.running_collector(factory.DEMO):
                for each in series:
                    factory.eventually(lambda each=each: factory.stored(each))  # type: ignore[misc]

            assert isinstance(gateway.server, OneAtATime)
            assert gateway.server.most == 1

    def test_on_a_serial_port_that_is_not_allowed_are_refused(self) -> None:
        site = sites.site(organization=identity.organization())

        with pytest.raises(networks.SerialPortNotAllowed, match="MB_SERIAL_PORTS"):
            factory.bus(site=site, host="/dev/ttyS9", protocol=values.BusProtocol.MODBUS_SERIAL)
