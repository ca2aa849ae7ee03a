"""Where a new meter hangs, and what the form of the next one begins with."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from meterbook.acquisition import catalogue
from meterbook.acquisition import values as acquisition_values
from meterbook.acquisition.library import orders
from meterbook.metering import by_hand
from meterbook.metering import values as metering_values
from meterbook.sites import queries as site_queries
from meterbook.web import parameters
from meterbook.web.meters import adding_forms
from meterbook.web.sites import place_forms, place_tree

MOST_CHOICES = 500  # a longer list is no help; then only the place that is asked for is offered
CODE_LENGTH = 40
LAST_UNIT = acquisition_values.UNIT_IDS[-1]


@dataclass(frozen=True)
class Places:
    """The places of sites, `choices` as a form takes them, and `begun`: what a form for one of them begins with."""

    choices: tuple[tuple[str, str], ...]
    begun: dict[str, str]


def of(sites: Collection[site_queries.SiteRow], wanted: str) -> Places:
    """This will return the places where a meter may hang.

    :param wanted: public id of the place that is asked for; anything else asks for none
    """
    choices: list[tuple[str, str]] = []
    asked: list[tuple[str, str]] = []
    begun: dict[str, str] = {}
    for site in sites:
        nodes = site_queries.list_nodes(site_id=site.id)
        ways = place_tree.larger(nodes, None)
        here = [(key, way if len(sites) == 1 else f"{site.name}: {way}") for key, way in ways]
        choices += here
        for node in nodes:
            if str(node.public_id) == wanted:
                begun = {"site": str(site.public_id), "place": wanted, "name": node.name}
                asked = [each for each in here if each[0] == wanted]
    return Places(tuple(choices if len(choices) <= MOST_CHOICES else asked), begun)


def kept(asked: Mapping[str, str]) -> dict[str, str]:
    """This will return what an address says about the meter: model, service, first day, the code before its own.

    Commissioning adds the site, the order of bytes, the multiplier and the serial number.
    """
    known = {}
    if (model := asked.get("model", "")) in catalogue.current():
        known = {"model_code": model, "service": catalogue.current().load(model).service}
    elif model == metering_values.IMPORTED:
        known = {"model_code": model}
    if asked.get("service", "") in set(metering_values.Service):
        known.setdefault("service", asked["service"])
    if asked.get("first_day"):
        known["first_day"] = parameters.written(asked["first_day"], 10)
    if asked.get("unit", "").isdecimal() and len(asked["unit"]) <= len(str(LAST_UNIT)):
        known["unit_id"] = asked["unit"]
    if secondary := acquisition_values.secondary_address(parameters.written(asked.get("secondary", ""), 16)):
        known["secondary"] = secondary
    if asked.get("gateway"):
        known["gateway"] = asked["gateway"]
    for asked_name, name in (("site", "site"), ("multiplier", "multiplier"), ("serial", "serial_number")):
        if text := parameters.written(asked.get(asked_name, ""), CODE_LENGTH):
            known[name] = text
    if asked.get("registers", "") in {each.code for each in by_hand.PRESETS}:
        known["registers"] = asked["registers"]
    if asked.get("order", "") in set(orders.ByteOrder):
        known["byte_order"] = asked["order"]
    if code := place_forms.code_after(parameters.written(asked.get("after", ""), CODE_LENGTH), ()):
        known["code"] = code
    return known


def following(given: Mapping[str, object], sites: Collection[site_queries.SiteRow]) -> str:
    """This will return the query of a form for the next meter: one like it, in the next place of the same kind."""
    query = {"model": given["model_code"], "service": given["service"], "after": given["code"]}
    if given.get("first_day"):
        query["first_day"] = given["first_day"]
    if given.get("registers"):
        query["registers"] = given["registers"]
    unit = given.get("unit_id")
    if given["model_code"] != metering_values.IMPORTED and isinstance(unit, int):
        query["unit"] = min(unit + 1, LAST_UNIT)
        query["gateway"] = "" if given["gateway"] == adding_forms.NEW else given["gateway"]
    site = next(each for each in sites if str(each.public_id) == given["site"])
    nodes = site_queries.list_nodes(site_id=site.id)
    here = next((each for each in nodes if str(each.public_id) == given.get("place")), None)
    if here is not None:
        alike = [each for each in nodes if each.kind == here.kind]
        behind = alike[alike.index(here) + 1 :]
        if behind:
            query["place"] = behind[0].public_id
    return urlencode({key: str(value) for key, value in query.items() if value})
