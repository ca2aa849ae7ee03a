"""Leads what sends by itself in a demonstration to where it is heard: by an address with a token, or by its port."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from meterbook.cli import bind, demo_folder

if TYPE_CHECKING:
    from meterbook_lab.demo_devices import Door


def move_buses(ports: Sequence[int]) -> None:
    """This will have the broker and the P1 port of a demonstration reached where they are now.

    Outside a scope, with Django set up; it leaves no connection open.

    :param ports: of both, in this order
    """
    from django.db import connections

    from meterbook.acquisition import networks, operations
    from meterbook.foundation import scoping
    from meterbook.kernel import clock
    from meterbook.kernel.actor import Actor
    from meterbook_lab import demo_devices, demo_pier

    actor, allowed = Actor.system("demo"), networks.AllowedNetworks(is_demo=True)
    serials = demo_devices.KIOSK, demo_devices.BOATS
    try:
        for organization_id in scoping.organization_ids():
            with scoping.scope([organization_id], actor=actor):
                for serial, port in zip(serials, ports, strict=False):
                    bus_id = demo_pier.bus_of(organization_id, serial)
                    if bus_id is not None:
                        operations.move_bus(
                            actor=actor,
                            at=clock.now(),
                            bus_id=bus_id,
                            host=bind.HOST,
                            port=port,
                            allowed=allowed,
                        )
    finally:
        connections.close_all()


def door(data_dir: Path, port: int) -> Door | None:
    """This will return where the charger of a demonstration sends to; None where it is not there any more.

    Its token is drawn once and kept in the folder. Outside a scope, with Django set up; it leaves no connection open.

    :param port: of the web server
    """
    from django.db import connections

    from meterbook.acquisition import operations
    from meterbook.foundation import scoping
    from meterbook.kernel import clock
    from meterbook.kernel.actor import Actor
    from meterbook_lab import demo_devices, demo_pier

    actor, content = Actor.system("demo"), demo_folder.mark(data_dir)
    kept = content.get(demo_folder.SENDER)
    known = dict(kept) if isinstance(kept, dict) else {}
    try:
        for organization_id in scoping.organization_ids():
            with scoping.scope([organization_id], actor=actor):
                sender = demo_pier.sender_of(organization_id)
                if sender is None:
                    continue
                if known.get("id") != str(sender.public_id):
                    made = operations.rotate_sender(
                        actor=actor,
                        at=clock.now(),
                        real_at=clock.real_now(),
                        public_id=sender.public_id,
                        keeps_former=False,
                    )
                    known = {"id": str(made.public_id), "token": made.token}
                    demo_folder.write(data_dir, {**content, demo_folder.SENDER: known})
                address = f"http://{bind.HOST}:{port}/push/v1/devices/{known['id']}"
                return demo_devices.Door(address, str(known["token"]))
    finally:
        connections.close_all()
    return None
