"""From a bus to an open line: its address checked, the driver of its protocol, and nobody else talking there."""

from __future__ import annotations

import asyncio
import weakref
from typing import Protocol

from meterbook.acquisition import networks, opening, values
from meterbook.acquisition.contract import errors, frames
from meterbook.collector import hosts
from meterbook.kernel import clock


class Dialed(Protocol):
    """What is known of a line before it is dialed: a bus, or the place of a test read."""

    @property
    def protocol(self) -> values.BusProtocol:
        """What is spoken."""
        ...

    @property
    def host(self) -> str:
        """Address, name, or the path of a serial port."""
        ...

    @property
    def port(self) -> int:
        """0 for a serial port."""
        ...

    @property
    def line(self) -> values.LineSettings:
        """How it is set."""
        ...


class SerialPortRefused(errors.DeviceError):
    """The platform's owner does not allow the serial port."""

    code = "SERIAL_PORT"
    remedy = "Ask the owner of the platform to add the port to MB_SERIAL_PORTS, or correct it."


class Place:
    """Where somebody can be talked to: one conversation at a time, and one open line.

    Two buses may lead to one place, by two names or of two organizations: what is behind it hears one question at a
    time all the same, and most gateways take one connection only.
    """

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.line: frames.Bus | None = None  # the one that talked last


# Of this process; a place is forgotten when no line leads there any more.
_places: weakref.WeakValueDictionary[tuple[str, int], Place] = weakref.WeakValueDictionary()


class Line:
    """A line that waits for its turn at its place. It implements `contract.frames.Bus`."""

    def __init__(self, inner: frames.Bus, place: Place) -> None:
        self._inner, self._place = inner, place

    async def read(self, unit: int, block: frames.Block, *, timeout: float, retries: int = 0) -> frames.Frame:
        """This will fetch what a device says, once the place is free; the line of whoever talked there is closed."""
        place = self._place
        async with place.turn:
            if place.line is not self._inner:
                if place.line is not None:
                    await place.line.close()
                place.line = self._inner
            return await self._inner.read(unit, block, timeout=timeout, retries=retries)

    async def close(self) -> None:
        """This will end the connection; the next read opens it again."""
        if self._place.line is self._inner:
            self._place.line = None
        await self._inner.close()


async def find(plan: Dialed, allowed: networks.AllowedNetworks) -> str:
    """This will return what is dialed: the address that the gateway's name leads to, or the serial port.

    :raises meterbook.acquisition.contract.errors.DeviceError: when it cannot be found, or must not be used
    """
    if not plan.protocol.is_serial:
        return await hosts.resolve(plan.host, plan.port, allowed)
    try:
        allowed.check_serial(plan.host)
    except networks.SerialPortNotAllowed as error:
        raise SerialPortRefused(f"serial port {plan.host} is not allowed", host=plan.host) from error
    return plan.host


def open_line(plan: Dialed, address: str) -> Line:
    """This will return the line to an address that `find` gave; it is opened by the first read."""
    settings = plan.line
    spec = opening.LineSpec(
        protocol=plan.protocol.value,
        host=address,
        port=plan.port,
        baud=settings.baud,
        parity=settings.parity.value,
        stop_bits=settings.stop_bits,
        pause_ms=settings.pause_ms,
    )
    key = address, plan.port
    place = _places.get(key)
    if place is None:
        place = _places[key] = Place()
    return Line(opening.open_line(spec, clock=clock.now), place)
