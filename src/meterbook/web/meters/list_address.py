"""What the address of the meter list asks for, read and written; what is unknown in it is left out."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from meterbook.metering import permissions
from meterbook.metering import values as metering_values
from meterbook.metering.queries import MeterState
from meterbook.monitoring.values import MeterFilter, Sort
from meterbook.web import access, parameters, tables
from meterbook.web.meters import list_columns
from meterbook.web.sites import choice

LONGEST_CODE = 60
Code = TypeVar("Code", bound=enum.StrEnum)


@dataclass(frozen=True)
class Asked:
    """Which meter points, in which order, and which columns of them."""

    wanted: MeterFilter
    columns: tuple[list_columns.Column, ...]
    query: dict[str, str]  # the address in its shortest form, without the page

    @property
    def address(self) -> str:
        """What stands behind the question mark."""
        return urlencode(self.query)

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is left out."""
        return any(self.query.get(key) for key in ("q", "state", "service", "model", "role", "place"))


def read(request: access.Request) -> Asked:
    """This will read the address of the list.

    :raises BadRequest: when the words to look for cannot be written
    """
    given = request.GET
    code, is_descending = tables.sorting(given.get("sort", ""))
    has_sort = code.upper() in set(Sort)
    model = given.get("model", "")
    wanted = MeterFilter(
        search=parameters.search(request),
        state=_one_of(MeterState, given.get("state", "")),
        service=_one_of(metering_values.Service, given.get("service", "")),
        model=model if len(model) <= LONGEST_CODE and parameters.is_text(model) else "",
        role=_one_of(metering_values.PointRole, given.get("role", "")),
        place=_uuid(given.get("place", "")),
        sort=Sort(code.upper()) if has_sort else Sort.NAME,
        is_descending=is_descending and has_sort,
    )
    named = ",".join(given.getlist("columns"))  # a form gives each, an address all in one
    columns = list_columns.chosen(named, has_sites=site_ids_count(request) != 1)
    return Asked(wanted, columns, _query(wanted, list_columns.written(columns, named)))


def site_ids(request: access.Request) -> frozenset[int] | None:
    """This will return the site chosen in the top bar, else all where the user may see meters; None: no limit."""
    allowed = request.access.sites(permissions.VIEW_METER)
    chosen = choice.chosen_site(request)
    if chosen is None:
        return allowed
    return frozenset({chosen.id}) if allowed is None else allowed & {chosen.id}


def site_ids_count(request: access.Request) -> int:
    """This will tell how many sites the list is over."""
    ids = site_ids(request)
    return len(choice.visible_sites(request)) if ids is None else len(ids)


def _query(wanted: MeterFilter, columns: str) -> dict[str, str]:
    sort = "" if wanted.sort is Sort.NAME and not wanted.is_descending else wanted.sort.lower()
    asked = {
        "q": wanted.search,
        "state": wanted.state.lower() if wanted.state else "",
        "service": wanted.service.lower() if wanted.service else "",
        "model": wanted.model,
        "role": wanted.role.lower() if wanted.role else "",
        "place": str(wanted.place) if wanted.place else "",
        "sort": f"-{sort}" if wanted.is_descending else sort,
        "columns": columns,
    }
    return {key: value for key, value in asked.items() if value}


def _one_of(kind: type[Code], text: str) -> Code | None:
    try:
        return kind(text.upper())
    except ValueError:
        return None


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
