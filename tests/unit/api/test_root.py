"""Endpoints that are written are there."""

from __future__ import annotations

import importlib
import pkgutil

from meterbook.api import resources, root


def test_every_module_with_endpoints_is_registered() -> None:
    routers = {
        name: found.router
        for _finder, name, _is_package in pkgutil.iter_modules(resources.__path__)
        if hasattr(found := importlib.import_module(f"{resources.__name__}.{name}"), "router")
    }
    registered = [router for _prefix, router in root.api._routers]

    assert routers
    assert [name for name, router in routers.items() if router not in registered] == []
