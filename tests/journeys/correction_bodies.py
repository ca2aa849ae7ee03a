"""What the walk over the API sends to operations on recalculations, corrections and disputes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from meterbook.identity.models import Organization
from tests.factories import api, corrections

BODIES: dict[str, Callable[[Organization], Any]] = {
    "recalculate": lambda _o: {"mode": "REPRODUCE"},
    "decide_about_bill": lambda _o: {"keep": True, "reason": "all is right"},
    "approve_correction": lambda _o: {},
    "reject_correction": lambda _o: {"reason": "not so"},
    "change_correction_rules": lambda _o: {"acknowledge_days": 1, "decide_days": 10, "most_open": 3},
    "open_dispute": lambda _o: {"reason": "OTHER", "words": "Too much."},
    "move_dispute": lambda _o: {"state": "ACKNOWLEDGED"},
    "write_in_dispute": lambda _o: {"words": "We look at it."},
    "open_own_dispute": lambda _o: {"reason": "OTHER", "words": "Too much."},
    "answer_own_dispute": lambda _o: {"answer": "ACCEPT"},
    "write_in_own_dispute": lambda _o: {"words": "And?"},
    "keep_dispute_file": lambda _o: api.MultipartBody(file=SimpleUploadedFile("a.png", corrections.picture())),
    "keep_own_dispute_file": lambda _o: api.MultipartBody(file=SimpleUploadedFile("a.png", corrections.picture())),
}
