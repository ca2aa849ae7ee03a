"""Passwords that the program makes itself."""

from __future__ import annotations

import secrets

# No letter or digit that can be taken for another one when typed from a screen or a sheet of paper.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP_LENGTH = 4, 5


def make_one_time_password() -> str:
    """This will return four groups of five characters, 99 bits of chance: "kq7mh-x3wpd-9tnrc-f5vza"."""
    groups = ("".join(secrets.choice(ALPHABET) for _ in range(GROUP_LENGTH)) for _ in range(GROUPS))
    return "-".join(groups)
