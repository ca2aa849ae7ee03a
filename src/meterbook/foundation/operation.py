"""The shape of every operation: keyword-only, inside a scope, all or nothing."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import transaction

from meterbook.foundation import scoping

P = ParamSpec("P")
R = TypeVar("R")


def operation(function: Callable[P, R]) -> Callable[P, R]:
    """This will let the function run only inside a scope, and undo all it wrote when it fails.

    :raises scoping.OutsideScope: when the caller opened no scope
    """

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if args:
            raise TypeError(f"{function.__qualname__} takes keyword arguments only.")
        scoping.current()
        with transaction.atomic():
            return function(*args, **kwargs)

    return run
