"""What is sent to operations about issued documents, for the walk over all of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from meterbook.identity.models import Organization

BODIES: dict[str, Callable[[Organization], Any]] = {
    "set_public_view": lambda _o: {"is_hidden": True, "reason": "asked for"},
    "draft_bill_template": lambda _o: {"look": {"title": {"en": "Energy statement"}, "accent": "#1d3b8b"}},
    "activate_bill_template": lambda _o: {},
    "make_signing_certificate": lambda _o: {},
}
