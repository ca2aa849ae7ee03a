"""The filters above the meter list: chips of states, and a menu for each other filter that offers a choice."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from meterbook.metering import values as metering_values
from meterbook.monitoring import queries as monitoring_queries
from meterbook.web import tables
from meterbook.web.meters import captions, history, list_address

FILTERS: tuple[tuple[str, str | Promise], ...] = (
    ("service", gettext_lazy("Service")),
    ("model", gettext_lazy("Model")),
    ("role", gettext_lazy("Role")),
    ("place", gettext_lazy("Building")),
)


@dataclass(frozen=True)
class Chip:
    """One chip above the list, or one line of a filter's menu."""

    caption: str
    count: int
    href: str
    is_chosen: bool


@dataclass(frozen=True)
class Menu:
    """One filter with what it offers; `chosen` is the caption of what it is set to, or empty."""

    caption: str
    chosen: str
    options: tuple[Chip, ...]


def state_chips(asked: list_address.Asked, found: monitoring_queries.MeterPage) -> tuple[Chip, ...]:
    """This will offer all states with their counts under the other filters; those that nobody has only when chosen."""
    counts = {each.code: each.count for each in found.options["state"]}
    state = asked.wanted.state
    everything = Chip(
        pgettext("meters", "All"), sum(counts.values()), tables.link(asked.query, state=""), state is None
    )
    states = (
        Chip(str(caption), counts.get(code, 0), tables.link(asked.query, state=code.lower()), code is state)
        for code, caption in captions.FILTERS.items()
        if code in counts or code is state
    )
    return (everything, *states)


def menus(asked: list_address.Asked, found: monitoring_queries.MeterPage, *, is_over_sites: bool) -> tuple[Menu, ...]:
    """This will offer the filters by which the list differs, and those that are set."""
    made = []
    for code, caption in FILTERS:
        current = str(getattr(asked.wanted, code) or "")
        options = [each for each in found.options[code] if each.code]
        if len(options) > 1 or current:
            title = _("Site") if code == "place" and is_over_sites else str(caption)
            made.append(_menu(asked, code, title, options, current))
    return tuple(made)


def _menu(
    asked: list_address.Asked,
    code: str,
    title: str,
    options: list[monitoring_queries.Option],
    current: str,
) -> Menu:
    chips = [
        Chip(
            _caption(code, each),
            each.count,
            tables.link(asked.query, **{code: _written(code, each.code)}),
            each.code == current,
        )
        for each in options
    ]
    count = sum(each.count for each in options)
    everything = Chip(pgettext("filter", "All"), count, tables.link(asked.query, **{code: ""}), not current)
    chosen = next((each.caption for each in chips if each.is_chosen), _("Unknown") if current else "")
    return Menu(title, chosen, (everything, *sorted(chips, key=lambda each: each.caption)))


def _caption(code: str, option: monitoring_queries.Option) -> str:
    if code == "service":
        return str(metering_values.SERVICE_CAPTIONS[metering_values.Service(option.code)])
    if code == "role":
        return str(metering_values.POINT_ROLE_CAPTIONS[metering_values.PointRole(option.code)])
    return history.model_name(option.code) if code == "model" else option.caption


def _written(code: str, value: str) -> str:
    return value.lower() if code in ("service", "role") else value
