"""Signing in as a browser does, and what the page says to it."""

from __future__ import annotations

import itertools
from typing import Any

from django.test import Client
from django.urls import reverse

from tests.factories import identity

addresses = itertools.count(1)


def visitor(*, checks_csrf: bool = False) -> Client:
    """A browser at an address of its own, so that limits by address do not reach from one test into the next."""
    number = next(addresses)
    return Client(enforce_csrf_checks=checks_csrf, REMOTE_ADDR=f"198.18.{number // 250}.{number % 250 + 1}")


def sign_in(client: Client, email: str, password: str = identity.PASSWORD, **more: str) -> Any:  # noqa: ANN401
    return client.post(reverse("account_login"), {"login": email, "password": password, **more})


def is_signed_in(client: Client) -> bool:
    """Whether the server takes this browser for somebody: the sign-in page sends such people on."""
    return bool(client.get(reverse("account_login")).status_code == 302)


def messages(response: Any) -> list[str]:  # noqa: ANN401
    return [str(each) for each in response.context["form"].non_field_errors()]
