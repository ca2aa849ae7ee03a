"""What a start prints: the address, and whom to sign in as."""

from __future__ import annotations

import os
from collections.abc import Sequence

from meterbook.cli import demo_folder
from meterbook.foundation.server import connections
from meterbook.identity import first_start
from meterbook.kernel import clock

ADMINISTRATOR = "admin@localhost"


def of_installation(address: str) -> str:
    """This will return the greeting, with a one-time password as long as nobody has chosen a password."""
    email = os.environ.get("MB_ADMIN_EMAIL", ADMINISTRATOR)
    made = first_start.ensure_first_administrator(email=email, at=clock.now())
    lines = ["Meterbook is ready.", "", f"Address:   {address}"]
    if made is not None:
        lines += [f"Sign in:   {made.email}", f"Password:  {made.password}   (works once; you then choose your own)"]
        lines += ["", "Used up before you chose your own? Start again: a new one is printed."]
    return box([*lines, "", "Ctrl-C stops everything."])


def of_demo(address: str, *, gateways: Sequence[tuple[str, int]], devices: Sequence[tuple[str, int]] = ()) -> str:
    """This will fill the demonstration when it is new and return its greeting."""
    from meterbook_lab import demo_people, demo_site

    data_dir = connections.data_dir(os.environ)
    content = demo_folder.mark(data_dir)
    if not content.get("is_complete"):
        at = clock.now()
        since = demo_site.begins_at(at)
        demo_site.seed(at=at, since=since, gateways=gateways, devices=devices)
        content["since"], content["is_complete"] = since.isoformat(), True
        # The page for signing in shows them.
        content["people"] = [each.plain() for each in demo_people.PEOPLE]
        demo_folder.write(data_dir, content)
    lines = ["The Meterbook demonstration is ready.", "", f"Address:   {address}", ""]
    lines += [f"Sign in:   {each.email:<34}{each.password}" for each in demo_people.PEOPLE]
    return box([*lines, "", "Live meters and people are made up. Ctrl-C stops everything."])


def box(lines: Sequence[str]) -> str:
    """This will draw a frame around the lines."""
    width = max(len(line) for line in lines)
    edge = "─" * (width + 2)
    middle = "\n".join(f"│ {line:<{width}} │" for line in lines)
    return f"\n┌{edge}┐\n{middle}\n└{edge}┘\n\n"
