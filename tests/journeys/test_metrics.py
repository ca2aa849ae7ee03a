"""Figures of the process are for this machine alone."""

from __future__ import annotations

from django.test import Client


def test_are_not_told_to_others_nor_through_a_proxy() -> None:
    here, far = Client(REMOTE_ADDR="127.0.0.1"), Client(REMOTE_ADDR="198.18.0.1")

    assert here.get("/metrics").status_code == 200
    assert far.get("/metrics").status_code == 404
    assert here.get("/metrics", headers={"X-Forwarded-For": "198.18.0.1"}).status_code == 404
