"""The form of a document: its sections, the fields in each, and where what is wrong is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import QueryDict
from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from meterbook.kernel.quantity import Unit
from meterbook.web.tariffs.editor import (
    bank_fields,
    charge_fields,
    delta_t_fields,
    demand_fields,
    fields,
    further,
    further_fields,
    grid,
    head_fields,
    ladder_fields,
    layout,
    limits,
    linked_fields,
    power_factor_fields,
    quantity_fields,
    special_days,
    step_fields,
    structure,
    tax_rates,
)
from meterbook.web.tariffs.editor.fields import Field
from meterbook.web.tariffs.editor.layout import Group, Sheet, said
from meterbook.web.tariffs.editor.loose import Raw


def of(
    raw: Raw,
    *,
    has_code: bool = True,
    problems: Mapping[str, Sequence[str]] | None = None,
    calendars: Sequence[tuple[str, str]] = (),
    series: Sequence[tuple[str, str]] = (),
) -> Sheet:
    """This will lay a document out as a form that writes into it.

    :param has_code: whether the tariff is new: code and currency of others stay
    :param problems: what is wrong, by the path of a field or of a group
    :param calendars: those that can be named, by code and name
    :param series: prices by the hour that can be named, by code and name
    """
    told = problems or {}
    made = _Maker(raw, told, tuple(series))
    return Sheet(
        head=made.head(has_code=has_code),
        components=made.components(),
        periods=made.section("periods", lambda index, node: made.names(f"periods[{index}]", node)),
        seasons=made.section("seasons", made.season),
        day_types=made.section("day_types", made.day_type),
        calendar=made.section("calendar", made.entry),
        holidays=made.group("holidays", [*special_days.calendar(raw, calendars), *special_days.holidays(raw)]),
        taxes=made.section("taxes", made.tax),
        grid=grid.read(raw),
    )


# What changes which other values there are is written after them; how a component charges after all.
_CHANGING = (
    charge_fields.StepPrices,
    step_fields.HoursOf,
    further_fields.Rule,
    delta_t_fields.DeltaRule,
    further_fields.Take,
    bank_fields.Kept,
    bank_fields.YearEnd,
    bank_fields.MoveOut,
    bank_fields.Dropped,
    quantity_fields.LengthKind,
    ladder_fields.Year,
    ladder_fields.FixedSteps,
    demand_fields.Contract,
    demand_fields.Source,
    power_factor_fields.ReferenceKind,
)


def take(sheet: Sheet, posted: QueryDict) -> None:
    """This will write what came back into the sheet's document; a field that did not come stays."""
    waiting = [each for each in sheet.fields() if each.path in posted]
    for each in sorted(waiting, key=_turn):
        each.take(posted.getlist(each.path))


def _turn(field: Field) -> int:
    """When a field is written: the later ones change or take away what the earlier ones wrote."""
    turns: tuple[tuple[type[Field], ...], ...] = (
        _CHANGING,
        (quantity_fields.Governing, bank_fields.Holds),
        (charge_fields.Shape,),
    )
    return next((number for number, kinds in enumerate(turns, 1) if isinstance(field, kinds)), 0)


class _Maker:
    """Makes groups of a document, each with its problems."""

    def __init__(self, raw: Raw, told: Mapping[str, Sequence[str]], series: tuple[tuple[str, str], ...] = ()) -> None:
        self.raw, self.told, self.series = raw, told, series
        self.money, self.unit = str(raw.get("currency", "")), _symbol(str(raw.get("unit", "")))
        self.steps = step_fields.Steps(raw, self.money, self.unit, self.group)

    def group(self, path: str, found: Sequence[Field], **more: Any) -> Group:  # noqa: ANN401 - what a group has
        listed = tuple(each.told(self.told.get(each.path, ())) for each in found)
        return Group(path, fields=listed, problems=list(self.told.get(path, ())), **more)

    def section(self, key: str, make: Any) -> Group:  # noqa: ANN401 - a maker of fields or of a group
        nodes = self.raw.get(key, [])
        made = []
        for index, node in enumerate(nodes):
            part = make(index, node)
            if not isinstance(part, Group):
                part = self.group(
                    f"{key}[{index}]",
                    part,
                    title=said(node.get("name", "")),
                    is_first=index == 0,
                    is_last=index == len(nodes) - 1,
                )
            made.append(part)
        return self.group(key, (), groups=tuple(made))

    def names(self, path: str, node: fields.Node) -> list[Field]:
        place = f"{path}.name" if path else "name"
        return [
            fields.EnglishName(place, _("Name in English"), node, "name"),
            fields.SpanishName(f"{place}.es", _("Name in Spanish"), node, "name"),
        ]

    def head(self, *, has_code: bool) -> Group:
        raw = self.raw
        own = [
            fields.Field("code", _("Code"), raw, "code", help=_("Short and unique; it stays.")),
            fields.Choice(
                "currency", _("Currency"), raw, "currency", choices=_with(raw, "currency", layout.currencies_offered())
            ),
        ]
        found = [
            *self.names("", raw),
            *(own if has_code else []),
            fields.Choice(
                "unit", _("Prices are for each"), raw, "unit", choices=_with(raw, "unit", layout.units_offered())
            ),
            fields.Choice(
                "decimals",
                _("Decimals of billed quantities"),
                raw,
                "decimals",
                choices=_with(raw, "decimals", [(str(each), str(each)) for each in range(7)]),
                default="3",
                is_whole=True,
            ),
            fields.Choice(
                "rounding",
                _("Rounding of each line"),
                raw,
                "rounding",
                choices=_with(
                    raw,
                    "rounding",
                    [("HALF_UP", _("half up: 0.125 is 0.13")), ("HALF_EVEN", _("half to even: 0.125 is 0.12"))],
                ),
                default="HALF_UP",
            ),
            fields.OptionalText(
                "note", pgettext("noun", "Note"), raw, "note", help=_("For colleagues; it is on no bill.")
            ),
            *head_fields.of(raw),
        ]
        return self.group("", found)

    def components(self) -> Group:
        return self.section("components", self.component)

    def component(self, index: int, node: fields.Node) -> Group:
        path = f"components[{index}]"
        shape = structure.shape_of(node)
        choice = charge_fields.Shape(
            f"{path}.charge",
            _("How it charges"),
            node,
            "charge",
            choices=_ways(shape),
            document=self.raw,
            is_submitting=True,
        )
        found: list[Field] = [*self.names(path, node), choice, *self._charging(path, node, shape, index)]
        groups = tuple(self.steps.ladders(path, node, shape))
        count = len(self.raw["components"])
        return self.group(
            path,
            found,
            title=said(node.get("name", "")),
            shape=shape,
            groups=groups,
            ladder=f"{path}.tiers" if step_fields.has_ladder(node, shape) else "",
            is_first=index == 0,
            is_last=index == count - 1,
        )

    def _charging(self, path: str, node: fields.Node, shape: str, index: int) -> list[Field]:
        found = self._priced(path, node, shape, index)
        if str(node.get("charge", "ENERGY")) in further.LIMITED:
            found += limits.of(path, node, self._named("seasons"), self.unit)
        if all(each.path != f"{path}.service" for each in found):
            found.append(linked_fields.service(path, node, is_further=True))
        return found

    def _priced(self, path: str, node: fields.Node, shape: str, index: int) -> list[Field]:
        if shape == "PERIOD_TIERS":
            return [*step_fields.reference(path, node), *further.of_period_tiers(path, node, self.unit)]
        if shape in further.CHARGES:
            prices = self.steps.prices(path, node) if shape == "DEMAND_PERIODS" else []
            return [*prices, *further.fields_of(shape, path, node, self._around(index))]
        if shape == "BY_PERIOD":
            return [*self.steps.prices(path, node), *further.of_energy(path, node, self.money, self.unit)]
        if shape == "TIERS":
            more = further.of_energy(path, node, self.money, self.unit)
            hours = step_fields.hours_of(path, node, self._around(index).demands)
            steps = [*step_fields.reference(path, node), *self.steps.step_prices(path, node), *hours]
            return [*steps, *further.of_tiers(path, node), *more]
        if shape not in structure.SIMPLE:
            return []
        words = _("Below zero it is paid to the customer.") if node.get("channel") == "EXPORT" else ""
        price = fields.Amount(f"{path}.price", _("Price"), node, "price", unit=self._per(shape), help=words)
        if shape == "FLAT":
            return [price, *further.of_energy(path, node, self.money, self.unit)]
        part = further.days if shape == "DAILY" else further.months
        steps = ladder_fields.of_fact(path, node)
        return [*([] if "tiers" in node else [price]), part(path, node), further.times(path, node), *steps]

    def _around(self, index: int) -> layout.Around:
        earlier = self.raw["components"][:index]
        return layout.Around(
            money=self.money,
            unit=self.unit,
            earlier=tuple((each.get("code", ""), said(each.get("name", ""))) for each in earlier),
            periods=self._named("periods"),
            series=self.series,
            demands=tuple(
                (each.get("code", ""), said(each.get("name", ""))) for each in earlier if each.get("charge") == "DEMAND"
            ),
            seasons=self._named("seasons"),
        )

    def _named(self, key: str) -> tuple[tuple[str, str], ...]:
        return tuple((each.get("code", ""), said(each.get("name", ""))) for each in self.raw.get(key, []))

    def _per(self, shape: str) -> str:
        words = {"DAILY": _("%s a day"), "MONTHLY": _("%s a month")}.get(shape)
        return words % self.money if words else f"{self.money}/{self.unit}"

    def season(self, index: int, node: fields.Node) -> list[Field]:
        path = f"seasons[{index}]"
        months = [(str(number), str(name)) for number, name in MONTHS.items()]
        starts = fields.MonthDay(f"{path}.starts", _("Begins on"), node, "starts", choices=tuple(months))
        return [*self.names(path, node), starts]

    def day_type(self, index: int, node: fields.Node) -> list[Field]:
        path = f"day_types[{index}]"
        days = tuple((code, str(WEEKDAYS[number])) for number, code in enumerate(grid.WEEKDAYS))
        return [
            *self.names(path, node),
            fields.Checks(f"{path}.weekdays", _("Days"), node, "weekdays", choices=days),
            fields.Check(f"{path}.is_holiday", _("Holidays belong to it"), node, "is_holiday"),
            special_days.special(path, node),
            special_days.dates(path, node),
        ]

    def entry(self, index: int, node: fields.Node) -> Group:
        path = f"calendar[{index}]"
        found: list[Field] = []
        for key, label in (("seasons", _("In the seasons")), ("day_types", _("On the days"))):
            choices = tuple((each.get("code", ""), said(each.get("name", ""))) for each in self.raw.get(key, []))
            if choices:
                found.append(fields.ChecksOrAll(f"{path}.{key}", label, node, key, choices=choices))
        windows = tuple(
            self._window(f"{path}.windows[{number}]", window) for number, window in enumerate(node.get("windows", []))
        )
        inner = self.group(f"{path}.windows", (), groups=windows)
        return self.group(path, found, title=entry_words(self.raw, node), groups=(inner,))

    def _window(self, path: str, node: fields.Node) -> Group:
        periods = [(each.get("code", ""), said(each.get("name", ""))) for each in self.raw.get("periods", [])]
        found: list[Field] = [
            fields.Time(f"{path}.from", _("From"), node, "from"),
            fields.Time(f"{path}.to", _("To"), node, "to"),
            fields.Choice(f"{path}.period", _("Price"), node, "period", choices=_with(node, "period", periods)),
        ]
        return self.group(path, found)

    def tax(self, index: int, node: fields.Node) -> list[Field]:
        path = f"taxes[{index}]"
        known = tuple((each.get("code", ""), said(each.get("name", ""))) for each in self.raw["components"])
        before = tuple((each.get("code", ""), said(each.get("name", ""))) for each in self.raw["taxes"][:index])
        return [*self.names(path, node), *tax_rates.of(path, node, known, before)]


def shapes() -> dict[str, str]:
    """This will return the ways to charge, in words."""
    return {
        "FLAT": _("one price for each unit"),
        "BY_PERIOD": _("a price by the time of use"),
        "TIERS": _("prices in steps of quantity"),
        "DAILY": _("a fixed amount each day"),
        "MONTHLY": _("a fixed amount each month"),
        "YEARLY": _("a fixed amount each year"),
        "PERIOD": _("a fixed amount each bill"),
        "ONCE": _("an amount once"),
        "DEMAND": _("the highest power"),
        "DEMAND_TIERS": _("the highest power in steps"),
        "POWER_FACTOR": _("a low power factor"),
        "DELTA_T": _("a low temperature difference"),
        "DISCOUNT": _("a discount on charges"),
        "SURCHARGE": _("a surcharge on charges"),
        "MINIMUM": _("at least an amount"),
        "MAXIMUM": _("at most an amount"),
        "SERIES": _("prices by the hour"),
        "PERIOD_TIERS": _("steps for each time of use"),
        "DEMAND_PERIODS": _("the highest power by the time of use"),
        "DEMAND_PERIOD_TIERS": _("the highest power in steps for each time of use"),
        "PASSED": _("the utility's invoice passed on"),
        "CAP": _("never above the utility's invoice"),
        "BANK": _("credits for what is fed in, kept"),
        "BANK_END": _("what an earlier version kept, settled"),
    }


def _ways(shape: str) -> tuple[tuple[str, str], ...]:
    """The ways to charge; what the form has no fields for is one of them where the document has it."""
    known = shapes()
    if shape in known:
        return tuple(known.items())
    return ((shape, _("as written in the text: %(charge)s") % {"charge": shape}), *known.items())


def entry_words(raw: Raw, entry: Mapping[str, Any]) -> str:
    """This will tell for which seasons and days an entry of the calendar holds."""
    parts = []
    for key, everything in (("seasons", _("All year")), ("day_types", _("every day"))):
        names = {each.get("code", ""): said(each.get("name", "")) for each in raw.get(key, [])}
        listed = entry.get(key)
        parts.append(", ".join(names.get(code, code) for code in listed) if listed is not None else everything)
    return " · ".join(parts)


def _with(node: Mapping[str, Any], key: str, known: Sequence[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    """The choices; a value of the document that is none of them is there too, so that it is seen and can be changed."""
    held = str(node.get(key, ""))
    is_strange = (key in node or not held) and held not in {code for code, _caption in known}
    if key not in node and key in {"decimals", "rounding"}:
        is_strange = False
    return ((held, held or _("Choose …")), *known) if is_strange else tuple(known)


def _symbol(code: str) -> str:
    return Unit(code).symbol or code if code in Unit.__members__ else code
