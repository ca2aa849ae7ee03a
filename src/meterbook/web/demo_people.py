"""Whom a demonstration can be entered as: written beside its database when it was made."""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.conf import settings

from meterbook.foundation.server import folder
from meterbook.identity import values as identity_values


@dataclass(frozen=True)
class DemoPerson:
    """Somebody made up; the password is no secret."""

    name: str
    role: str
    email: str
    password: str


def listed() -> tuple[DemoPerson, ...]:
    """This will return all of them; none outside a demonstration, or while it is being made."""
    if not settings.IS_DEMO:
        return ()
    try:
        content = json.loads((settings.DATA_DIR / folder.DEMO_MARK_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return ()
    return tuple(
        DemoPerson(
            name=each["name"],
            role=str(identity_values.ROLE_CAPTIONS[identity_values.RoleCode(each["role"])]),
            email=each["email"],
            password=each["password"],
        )
        for each in content.get("people", [])
    )
