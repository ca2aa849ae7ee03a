"""The rules of the sheets: which site, what lies where, which meter hangs there."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from meterbook.acquisition import catalogue, networks
from meterbook.journeys.building import asset_columns, further_registers, lines, model_names
from meterbook.journeys.building import present as presents
from meterbook.journeys.building.book import Book
from meterbook.journeys.building.planning import Entry, Plan, Planner, nearest
from meterbook.journeys.building.present import Values
from meterbook.journeys.building.sheets import Column, Sheet
from meterbook.metering import values as metering_values
from meterbook.metering import zones
from meterbook.sites import values as site_values

FIXED = ("service", "role", "site")  # of a meter point that is there
METER = ("serial", "model", "registers", "multiplier", "since", *lines.COLUMNS)
_KINDS = [each.value for each in site_values.NodeKind]


def plan(
    book: Book,
    present: presents.Present,
    columns: dict[Sheet, tuple[Column, ...]],
    allowed: networks.AllowedNetworks,
    uploaded_at: datetime,
) -> Plan:
    """This will compare a workbook with what is there; the plan may be written when it has no problems."""
    planner = Planner(book, columns, present, allowed, uploaded_at)
    _plan_sites(planner)
    _plan_places(planner)
    _plan_points(planner)
    return planner.finish()


def _plan_sites(planner: Planner) -> None:
    present = planner.present
    for entry in planner.accept(Sheet.SITES, present.values_of_sites, {}):
        code = str(entry.values["code"])
        known = present.values_of_sites.get(code)
        site = present.sites.get(code)
        if site is not None and site.pk in present.sites_with_accounts and entry.values["currency"] != site.currency:
            planner.blame(
                Sheet.SITES,
                entry.line,
                "currency",
                _("Accounts and bills of this site are in %(currency)s; it cannot change any more.")
                % {"currency": site.currency},
            )
        planner.keep(Sheet.SITES, entry, known)


def _plan_places(planner: Planner) -> None:
    present, sheet = planner.present, Sheet.PLACES
    entries = planner.accept(sheet, present.values_of_places, {})
    completed = []
    for entry in entries:
        known = present.values_of_places.get(str(entry.values["code"]))
        ready = _with_units(_with_site(planner, sheet, entry, known))
        planner.seen[sheet][str(entry.values["code"])] = ready
        completed.append(ready)
    for entry in completed:
        code = str(entry.values["code"])
        _check_place(planner, entry, code)
        planner.keep(sheet, entry, present.values_of_places.get(code))
    _check_parts(planner)


def _with_units(entry: Entry) -> Entry:
    """An empty unit is the usual one; without a figure there is none."""
    values = dict(entry.values)
    for figure, unit, usual in (("area", "area_unit", "M2"), ("rated_capacity", "capacity_unit", "KW")):
        values[unit] = (values.get(unit) or usual) if values.get(figure) is not None else None
    return replace(entry, values=values)


def _with_site(planner: Planner, sheet: Sheet, entry: Entry, known: Values | None) -> Entry:
    """A row without a site belongs to the one it had, else to that of its place, else to the only one there is."""
    sites = {**planner.present.sites, **planner.seen[Sheet.SITES]}
    given = entry.values.get("site")
    place = entry.values.get("place") if sheet is Sheet.POINTS else entry.values.get("parent")
    if known is not None:
        if given is not None and given != known["site"]:
            planner.blame(
                sheet,
                entry.line,
                "site",
                _("It belongs to site “%(site)s”, which does not change.") % {"site": known["site"]},
                _("Archive it there and make a new one here, under another code."),
            )
        return replace(entry, values={**entry.values, "site": known["site"]})
    if given is None and place is not None:
        given = _place_values(planner, str(place)).get("site")
    if given is None and len(sites) == 1:
        given = next(iter(sites))
    if given is None:
        planner.blame(sheet, entry.line, "site", _("The cell is empty."), _("Give the code of a site."))
    elif given not in sites:
        planner.blame(
            sheet,
            entry.line,
            "site",
            _("There is no site “%(code)s”.") % {"code": given},
            nearest(str(given), sites) or _("Add it to the sheet of sites, or correct the code."),
        )
    return replace(entry, values={**entry.values, "site": given})


def _place_values(planner: Planner, code: str) -> Values:
    seen = planner.seen[Sheet.PLACES].get(code)
    return seen.values if seen is not None else planner.present.values_of_places.get(code, {})


def _check_place(planner: Planner, entry: Entry, code: str) -> None:
    sheet, values = Sheet.PLACES, entry.values
    node = planner.present.places.get(code)
    if node is not None and node.archived_at is not None:
        planner.blame(sheet, entry.line, "code", _("This place is archived."), _("Restore it on the page of its site."))
    if node is not None and node.pk in planner.present.moved_places and values.get("kind") != node.kind:
        planner.blame(
            sheet, entry.line, "kind", _("A place with moves in its history keeps its kind."), _("Make a new place.")
        )
    parent = values.get("parent")
    if parent is None or not _is_place(planner, sheet, entry, "parent", str(parent)):
        return
    above = _place_values(planner, str(parent))
    if _is_loop(planner, code):
        planner.blame(
            sheet,
            entry.line,
            "parent",
            _("“%(code)s” would lie inside itself.") % {"code": code},
            _("Correct what it, or what is around it, lies in."),
        )
    elif values.get("kind") and above.get("kind") and _kind(above) >= _kind(values):
        planner.blame(
            sheet,
            entry.line,
            "parent",
            _("“%(code)s” is not larger than this place.") % {"code": parent},
            _("Buildings hold floors, floors zones, zones units; levels may be left out."),
        )


def _kind(values: Values) -> int:
    return _KINDS.index(str(values["kind"]))


def _is_loop(planner: Planner, code: str) -> bool:
    passed, here = {code}, _place_values(planner, code).get("parent")
    while here is not None and here != code:
        if here in passed:
            return False  # a loop further up, which its own rows are blamed for
        passed.add(str(here))
        here = _place_values(planner, str(here)).get("parent")
    return here == code


def _check_parts(planner: Planner) -> None:
    """Places that are there and not in the workbook must still be smaller than what they lie in."""
    for code, values in planner.present.values_of_places.items():
        above = planner.seen[Sheet.PLACES].get(str(values["parent"])) if values["parent"] else None
        if code in planner.seen[Sheet.PLACES] or above is None or not above.values.get("kind"):
            continue
        if _kind(above.values) >= _kind(values):
            planner.blame(
                Sheet.PLACES,
                above.line,
                "kind",
                _("“%(code)s” lies inside and is not smaller.") % {"code": code},
                _("Move it first, or keep the kind."),
            )


def _is_place(planner: Planner, sheet: Sheet, entry: Entry, key: str, code: str) -> bool:
    """Whether a place can be lain or hung in; else a fault is noted."""
    known = {**planner.present.places, **planner.seen[Sheet.PLACES]}
    node = planner.present.places.get(code)
    if code not in known:
        remedy = nearest(code, known) or _("Add it to the sheet of places, or correct the code.")
        planner.blame(sheet, entry.line, key, _("There is no place “%(code)s”.") % {"code": code}, remedy)
    elif node is not None and node.archived_at is not None:
        planner.blame(
            sheet, entry.line, key, _("“%(code)s” is archived.") % {"code": code}, _("Restore it, or take another one.")
        )
    elif _place_values(planner, code).get("site") != entry.values.get("site"):
        planner.blame(
            sheet,
            entry.line,
            key,
            _("“%(code)s” belongs to another site.") % {"code": code},
            _("Take a place of the same site."),
        )
    else:
        return True
    return False


def _plan_points(planner: Planner) -> None:
    present, sheet = planner.present, Sheet.POINTS
    defaults = {"role": metering_values.PointRole.TENANT.value}
    meters: dict[tuple[str, str], int] = {}
    units: dict[tuple[object, ...], int] = {}
    for entry in planner.accept(sheet, present.values_of_points, defaults):
        code = str(entry.values["code"])
        known = present.values_of_points.get(code)
        entry = _with_model(entry, known)
        blame = functools.partial(planner.blame, sheet, entry.line)
        if known is not None and entry.values.get("service") is None:
            entry = replace(entry, values={**entry.values, "service": known.get("service")})
        entry = replace(entry, values=further_registers.completed(entry.values, blame))
        if known is not None:
            entry = _unchanged_parts(planner, entry, known)
        ready = _with_site(planner, sheet, entry, known)
        place = ready.values.get("place")
        if place is not None:
            _is_place(planner, sheet, ready, "place", str(place))
        if known is None or known.get("serial") is None:
            ready = _with_meter(planner, ready, meters, units)
        ready = asset_columns.entry_of(ready, known, blame, planner.uploaded_at, _zone(planner, ready))
        planner.keep(sheet, ready, known)


def _zone(planner: Planner, entry: Entry) -> ZoneInfo:
    site = str(entry.values.get("site"))
    named = planner.seen[Sheet.SITES].get(site)
    of_site = named.values if named is not None else planner.present.values_of_sites.get(site, {})
    return zones.resolve(str(entry.values.get("time_zone") or ""), (), str(of_site.get("time_zone") or "UTC"))


def _with_model(entry: Entry, known: Values | None) -> Entry:
    """The code of the model that is named; none where it says “by hand”, unless the meter that hangs there has one."""
    model = entry.values.get("model")
    if model is None:
        return entry
    is_none = model_names.is_none(str(model)) and not (known or {}).get("model")
    named = model_names.code_of(str(model)) or model
    return replace(entry, values={**entry.values, "model": None if is_none else named})


def _unchanged_parts(planner: Planner, entry: Entry, known: Values) -> Entry:
    """What hangs at a point is exchanged on its own page, with what the meters showed; empty cells ask for nothing."""
    values = dict(entry.values)
    fixed = [*FIXED, *(METER if known.get("serial") is not None else ())]
    for key in fixed:
        if values.get(key) is None:
            values[key] = known.get(key)
        elif values[key] != known.get(key) and key != "site":
            planner.blame(
                Sheet.POINTS,
                entry.line,
                key,
                _("It is “%(before)s” already.") % {"before": planner.shown(Sheet.POINTS, key, known) or _("empty")},
                _("Service and role stay; meters are exchanged on the page of the meter, with what they showed."),
            )
    return replace(entry, values=values)


def _with_meter(
    planner: Planner,
    entry: Entry,
    meters: dict[tuple[str, str], int],
    units: dict[tuple[object, ...], int],
) -> Entry:
    sheet, line, values = Sheet.POINTS, entry.line, dict(entry.values)
    serial, model, host = (values.get(key) for key in ("serial", "model", "host"))
    blame: Callable[..., None] = lambda key, problem, remedy: planner.blame(sheet, line, key, problem, remedy)  # noqa: E731
    if serial is None:
        for key in METER[1:]:
            if values.get(key) is not None:
                blame("serial", _("The row describes a meter without a serial number."), _("Give its number."))
                break
        return entry
    if model is not None and model not in catalogue.current():
        near = ", ".join(model_names.near(str(model)))
        blame(
            "model",
            _("The library has no model “%(model)s”.") % {"model": model},
            _("Is one of these meant: %(near)s?") % {"near": near}
            if near
            else _(
                "The sheet of notes in the template lists the models. "
                "Leave the cell empty if it is read by hand or from files."
            ),
        )
    if catalogue.current().is_primary(str(model)) and values.get("multiplier") not in (None, 1):
        blame("multiplier", _("This model multiplies inside: its multiplier must be 1."), _("Empty the cell."))
    if model is not None and values.get("registers") is not None:
        blame(
            "registers",
            _("This model has registers of its own."),
            _("Empty the cell; or empty the model, if people read the meter."),
        )
    pair = (str(model or metering_values.IMPORTED), str(serial))
    if pair in planner.present.meters:
        blame("serial", _("There is a meter of this model and number already."), _("Check the number."))
    elif pair in meters:
        blame(
            "serial",
            _("Row %(line)s has this meter already.") % {"line": meters[pair]},
            _("A meter hangs at one place only."),
        )
    meters.setdefault(pair, line)
    if host is None:
        for key in lines.COLUMNS[1:]:
            if values.get(key) is not None:
                blame(
                    "host", _("The cell is empty."), _("Give the address of the gateway, or empty its port and unit.")
                )
                break
        return entry
    ready = replace(entry, values=lines.completed(planner, values))
    lines.check(planner, ready, units, blame)
    return ready
