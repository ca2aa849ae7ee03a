"""Where the simulated meters of a demonstration are reached: ports that no other program on the machine uses."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable, Sequence

from meterbook.cli import bind
from meterbook.foundation.server import errors

PORTS = range(15_020, 15_420)


class PortsTaken(errors.ServerError):
    """No ports are free for the simulated meters; end other demonstrations."""

    code = "PORTS_TAKEN"


def choose(former: Iterable[int], count: int) -> list[int]:
    """This will return `count` free ports, the former ones as far as nobody has taken them meanwhile.

    :raises PortsTaken: when there are not so many
    """
    with contextlib.ExitStack() as held:
        kept: list[int | None] = [port if _take(port, held) else None for port in former][:count]
        wanted = [*kept, *[None] * (count - len(kept))]
        free = (port for port in PORTS if port not in wanted and _take(port, held))
        found = [port if port is not None else next(free, None) for port in wanted]
    chosen = [port for port in found if port is not None]
    if len(chosen) < count:
        raise PortsTaken(
            f"Not enough ports from {PORTS[0]} to {PORTS[-1]} are free for simulated meters. End other demonstrations."
        )
    return chosen


def write(ports: Sequence[int]) -> str:
    """This will write the gateways as `prepare` is given them: 127.0.0.1:15020,127.0.0.1:15021."""
    return ",".join(f"{bind.HOST}:{port}" for port in ports)


def read(text: str) -> list[tuple[str, int]]:
    """This will read what `write` wrote."""
    pairs = (each.rpartition(":") for each in text.split(","))
    return [(host, int(port)) for host, _, port in pairs]


def move_buses(ports: Sequence[int]) -> None:
    """This will have the demonstration's buses reached where its gateways are now, in the order of their making.

    Outside a scope, with Django set up; it leaves no connection open. Buses that people have added come later and stay.
    """
    from django.db import connections

    from meterbook.acquisition import networks, operations, queries
    from meterbook.foundation import scoping
    from meterbook.kernel import clock
    from meterbook.kernel.actor import Actor

    actor, left, allowed = Actor.system("demo"), list(ports), networks.AllowedNetworks(is_demo=True)
    try:
        for organization_id in scoping.organization_ids():
            with scoping.scope([organization_id], actor=actor):
                for bus in sorted(queries.list_buses(), key=lambda each: each.id)[: len(left)]:
                    operations.move_bus(
                        actor=actor, at=clock.now(), bus_id=bus.id, host=bind.HOST, port=left.pop(0), allowed=allowed
                    )
    finally:
        connections.close_all()


def _take(port: int, held: contextlib.ExitStack) -> bool:
    """A free port is held until all are chosen, so that none is chosen twice."""
    probe = held.enter_context(socket.socket())
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        probe.bind((bind.HOST, port))
    except OSError:
        return False
    return True
