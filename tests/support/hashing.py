"""The password hash of the product with the least work: half of the tests' time would go into it otherwise."""

from __future__ import annotations

from django.contrib.auth.hashers import Argon2PasswordHasher


class LightArgon2(Argon2PasswordHasher):  # type: ignore[misc,unused-ignore]
    """The same algorithm and form; what a server of its own makes of it on sign-in is as strong as ever."""

    time_cost = 1
    memory_cost = 8  # KiB
    parallelism = 1
