"""How an operation of the API is declared: `endpoint` names its permission and module, and runs it inside a scope."""

from __future__ import annotations

import contextlib
import functools
import inspect
import typing
from collections.abc import Callable, Iterator
from typing import Any

from django.db import transaction
from django.http import HttpResponse
from ninja import Router
from pydantic import BaseModel

from meterbook.api import compiling, entry, once, problems, reading
from meterbook.customers import reaching as customer_reaching
from meterbook.foundation import scoping
from meterbook.identity.values import Module

View = Callable[..., Any]
JSON = "application/json"

compiling.defer()


def endpoint(
    router: Router,
    method: str,
    path: str,
    *,
    permission: str,
    module: Module,
    answers: Any,  # noqa: ANN401 - a class of answers, or a list of them written as typing has it
    status: int = 200,
    by_site: bool = False,
    by_single: bool = False,
    single_permission: str = "",
    most_bytes: int = entry.MOST_BYTES,
) -> Callable[[View], View]:
    """This will make a function an operation of the API.

    The function is called inside `scoping.scope([organization])` with the request, whose `caller` says who asks, and
    what the path, the query and the body hold. It returns what its docstring says, or an HttpResponse of its own. What
    changes something is carried out once for an idempotency key.

    :param answers: the class of what is answered, for the document; None where the answer is a file
    :param by_site, by_single: let in who holds the permission for single sites, or single meters and accounts, too; the
        function then asks `caller.access`. `single_permission` lets in who holds that one for single things instead
    """
    guard = entry.Entry(permission, module, by_site, by_single, most_bytes, single_permission)

    def declare(view: View) -> View:
        @functools.wraps(view)
        def run(request: entry.Request, **given: Any) -> HttpResponse:  # noqa: ANN401 - whatever the operation takes
            def work() -> HttpResponse:
                with transaction.atomic():
                    return _written(view(request, **given), status)

            reading.require_known_query(request, run)
            if method != "GET":
                once.required_token(request)
            with _opened(request.caller, guard):
                return work() if method == "GET" else once.answer_once(request, work)

        # The framework looks names up where `run` stands, not where the operation was written.
        run.__signature__ = _signature(view)  # type: ignore[attr-defined]
        summary, _rest = _words(view)
        router.add_api_operation(
            path,
            [method],
            run,
            auth=guard,
            response={status: answers},
            operation_id=view.__name__,
            summary=summary,
            description=_rest or None,
            openapi_extra={"x-permission": permission, "x-module": str(module)},
        )
        return view

    return declare


@contextlib.contextmanager
def _opened(caller: entry.Caller, guard: entry.Entry) -> Iterator[None]:
    """A scope of the caller's organization, limited to where the caller holds the permission that let in."""
    permission = guard.entered_by(caller.access)
    try:
        with scoping.scope([caller.organization.id], actor=caller.actor), customer_reaching.kept():
            customer_reaching.enter(caller.access, permission, at=caller.at)
            if caller.is_looking:
                scoping.forbid_writing()
            yield
    except customer_reaching.OutOfReach as error:
        raise problems.not_found(str(error)) from error


def _written(told: Any, status: int) -> HttpResponse:  # noqa: ANN401 - a file or an answer
    if isinstance(told, HttpResponse):
        return told
    assert isinstance(told, BaseModel)  # noqa: S101 - what an operation returns is ours
    return HttpResponse(told.model_dump_json(), status=status, content_type=JSON)


def _signature(view: View) -> inspect.Signature:
    hints = typing.get_type_hints(view, include_extras=True)
    read = inspect.signature(view)
    return read.replace(
        parameters=[each.replace(annotation=hints.get(name, each.annotation)) for name, each in read.parameters.items()]
    )


def _words(view: View) -> tuple[str, str]:
    """The first sentence of the docstring without "This will", and the rest."""
    text = inspect.cleandoc(view.__doc__ or view.__name__)
    first, _blank, rest = text.partition("\n\n")
    first = " ".join(first.split()).removeprefix("This will ")
    return first[:1].upper() + first[1:], rest.partition(":raises")[0].strip()
