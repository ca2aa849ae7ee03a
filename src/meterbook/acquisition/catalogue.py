"""The meter types that an organization may use: what it made itself, over what is shipped. Reads need a running scope.

A version never changes, so it is read from the database and understood once; which versions are the newest is asked
anew in each scope: what one process publishes, every other uses with its next page, question or plan.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from meterbook.acquisition import type_models
from meterbook.acquisition.library import documents
from meterbook.acquisition.library.documents import MeterModel
from meterbook.foundation import scoping

MOST_KEPT = 5_000
_MEMORY = "acquisition.catalogue"
_kept: dict[uuid.UUID, OwnType] = {}


@dataclass(frozen=True)
class OwnType:
    """The newest version of a type of the organization; two with the same public id are the same."""

    public_id: uuid.UUID
    version: int = field(compare=False)
    model: MeterModel = field(compare=False)
    text: str = field(compare=False, repr=False)
    is_offered: bool = field(compare=False)


@dataclass(frozen=True)
class Catalogue:
    """What `library.documents` offers, with the organization's own types over it."""

    own: Mapping[str, OwnType] = field(default_factory=dict)

    def __contains__(self, code: object) -> bool:
        return code in self.own or code in documents.codes()

    def load(self, code: str) -> MeterModel:
        """This will return the meter type of a code.

        :raises documents.ModelUnknown: when there is none
        """
        found = self.own.get(code)
        return found.model if found is not None else documents.load(code)

    def text(self, code: str) -> str:
        """This will return the document of a type as it is given to others.

        :raises documents.ModelUnknown: when there is none
        """
        found = self.own.get(code)
        return found.text if found is not None else documents.source_of(code)

    def is_primary(self, code: str) -> bool:
        """This will tell whether meters of a type multiply inside (B-02); of codes that name no type nobody knows."""
        return code in self and self.load(code).is_primary

    def codes(self) -> tuple[str, ...]:
        """This will return all codes, sorted."""
        return tuple(sorted({*documents.codes(), *self.own})) if self.own else documents.codes()

    def all_models(self) -> tuple[MeterModel, ...]:
        """This will return all types, in the order of their codes."""
        return tuple(self.load(code) for code in self.codes())

    def offered(self, *, is_demo: bool) -> list[MeterModel]:
        """This will return the types that a new meter may be of; those of simulators only in a demonstration."""
        return [each for each in self.all_models() if self._is_offered(each, is_demo=is_demo)]

    def _is_offered(self, model: MeterModel, *, is_demo: bool) -> bool:
        own = self.own.get(model.code)
        return own.is_offered if own is not None else is_demo or not model.is_simulated


SHIPPED = Catalogue()


def current() -> Catalogue:
    """This will return the types of the running scope's organization; what is shipped where there is not one."""
    if not scoping.is_open() or len(scoping.current().organizations) != 1:
        return SHIPPED
    memory = scoping.current().memory
    found = memory.get(_MEMORY)
    if not isinstance(found, Catalogue):
        found = memory[_MEMORY] = of(scoping.current().organization_id)
    return found


def forget() -> None:
    """This will have `current` read anew: a version was published in this scope."""
    scoping.current().memory.pop(_MEMORY, None)


def of(organization_id: int) -> Catalogue:
    """This will return the types of one organization of the running scope, in one query while nothing is new."""
    own = type_models.MeterType.objects.filter(organization_id=organization_id)
    newest = list(own.order_by("code", "-version").distinct("code").values_list("code", "public_id"))
    if not newest:
        return SHIPPED
    known = {public_id: _kept[public_id] for _code, public_id in newest if public_id in _kept}
    missing = [public_id for _code, public_id in newest if public_id not in known]
    if missing:
        read = {each.public_id: _own(each) for each in own.filter(public_id__in=missing)}
        if len(_kept) > MOST_KEPT:
            _kept.clear()
        _kept.update(read)
        known |= read
    return Catalogue(MappingProxyType({code: known[public_id] for code, public_id in newest}))


def _own(row: type_models.MeterType) -> OwnType:
    return OwnType(row.public_id, row.version, documents.read(row.document), row.document, row.is_offered)
