"""When the classes of the API are compiled: each when it is first used, none because a process starts.

Ours say so themselves (`values`). The framework makes one more for the parameters and one for the answer of each
operation; compiling all of these took most of what a process needed until it could answer, and those of answers serve
the document alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from ninja import Schema
from ninja.params import models
from pydantic import BaseModel


def defer() -> None:
    """This will have the framework's classes compiled at their first use; to be called before operations are declared.

    Threads that use one first at the same time wait for each other (pydantic holds a lock meanwhile).
    """
    for each in _with_those_below(models.ParamModel):
        each.model_config["defer_build"] = True
    Schema.model_config["defer_build"] = True


def _with_those_below(kind: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield kind
    for each in kind.__subclasses__():
        yield from _with_those_below(each)
