"""The operations of the API as the published document lists them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from meterbook.api import document
from meterbook.identity.values import Module

PARAMETER = re.compile(r"\{(\w+)\}")
PREFIX = "/api/v1"


@dataclass(frozen=True)
class Operation:
    """One operation: its path below `/api/v1` as written, and what it asks of the caller."""

    id: str
    method: str
    path: str
    permission: str
    module: Module

    @property
    def parameters(self) -> tuple[str, ...]:
        """What its path names."""
        return tuple(PARAMETER.findall(self.path))

    def fill(self, arguments: Mapping[str, object]) -> str:
        """This will return the path with its parameters replaced."""
        return PARAMETER.sub(lambda found: str(arguments[found[1]]), self.path)


def all_operations() -> list[Operation]:
    """This will return every operation of the document, in its order."""
    return [
        Operation(
            id=each["operationId"],
            method=method.upper(),
            path=path.removeprefix(PREFIX),
            permission=each["x-permission"],
            module=Module(each["x-module"]),
        )
        for path, methods in document.whole()["paths"].items()
        for method, each in methods.items()
    ]
