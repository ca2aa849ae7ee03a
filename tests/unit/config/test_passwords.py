"""How the product itself hashes passwords; the tests use the same algorithm with less work."""

from __future__ import annotations

from django.utils.module_loading import import_string

from meterbook.config import accounts

LEAST_MEMORY = 19 * 1024  # KiB; OWASP Password Storage Cheat Sheet, 2 iterations
LEAST_ITERATIONS = 2


def test_argon2_takes_as_much_work_as_asked_for() -> None:
    used = [import_string(each) for each in accounts.PASSWORD_HASHERS]

    assert [each.algorithm for each in used] == ["argon2"]
    assert all(each.memory_cost >= LEAST_MEMORY and each.time_cost >= LEAST_ITERATIONS for each in used)
