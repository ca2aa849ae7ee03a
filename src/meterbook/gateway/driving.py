"""From a bus of the configuration to an open line."""

from __future__ import annotations

from meterbook.acquisition import opening
from meterbook.acquisition.contract import frames
from meterbook.acquisition.push import configuration
from meterbook.kernel import clock


def open_line(bus: configuration.Bus) -> frames.Bus:
    """This will return the line to a bus; it is opened by the first read.

    :raises opening.ProtocolUnknown: when there is no driver for it
    """
    spec = opening.LineSpec(
        protocol=bus.protocol,
        host=bus.host,
        port=bus.port,
        baud=bus.baud,
        parity=bus.parity,
        stop_bits=bus.stop_bits,
        pause_ms=bus.pause_ms,
    )
    return opening.open_line(spec, clock=clock.now)
