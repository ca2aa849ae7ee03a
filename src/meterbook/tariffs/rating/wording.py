"""A tariff in plain words: each component in its order, in sentences that can be translated (M-055)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating import wording_bank, wording_delta_t, wording_linked
from meterbook.tariffs.rating.document import Component, TariffDocument, Tax, Text
from meterbook.tariffs.rating.plain import written
from meterbook.tariffs.rating.problems import gettext_noop as _
from meterbook.tariffs.rating.terms import Channel, Charge, Demand, Per, PowerFactor, Rule, Take, Tier


@dataclass(frozen=True)
class Sentence:
    """An English template, which is the key of its translation, and what fills it."""

    template: str
    data: Mapping[str, object] = field(default_factory=dict, hash=False)

    @property
    def words(self) -> str:
        """The sentence in English."""
        return self.template % self.data


@dataclass(frozen=True)
class Told:
    """A component or tax by name, and its sentences."""

    name: Text
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True)
class _Names:
    """What codes are called: components and taxes, price periods, and seasons."""

    parts: Mapping[str, str]
    periods: Mapping[str, str]
    seasons: Mapping[str, str]


def told(document: TariffDocument, language: str = "en") -> tuple[Told, ...]:
    """This will put the components of a document, then its taxes, into words, in the order of charging."""
    parts = [of_component(document, each, language) for each in document.components]
    return (*parts, *(of_tax(document, each, language) for each in document.taxes))


def of_component(document: TariffDocument, component: Component, language: str = "en") -> Told:
    """This will put one component into words; what it names is called as in `language`, or in English."""
    return Told(component.name, tuple(_component(component, _names(document, language))))


def of_tax(document: TariffDocument, tax: Tax, language: str = "en") -> Told:
    """This will put one tax into words."""
    return Told(tax.name, tuple(_tax(document, tax, _names(document, language).parts)))


def _names(document: TariffDocument, language: str) -> _Names:
    def called(name: Text) -> str:
        return name.get(language, name["en"])

    parts = {each.code: called(each.name) for each in document.components}
    parts |= {each.code: called(each.name) for each in document.taxes}
    periods = {each.code: called(each.name) for each in document.periods}
    return _Names(parts, periods, {each.code: called(each.name) for each in document.seasons})


def _component(component: Component, names: _Names) -> Iterator[Sentence]:
    yield from _what(component, names)
    if component.seasons:
        seasons = ", ".join(names.seasons.get(each, each) for each in component.seasons)
        yield Sentence(_("Only in these seasons: %(seasons)s."), {"seasons": seasons})
    if component.only_if is not None and component.only_if.above is not None:
        yield Sentence(_("Only if more than %(units)s are used."), {"units": written(component.only_if.above)})
    if component.only_if is not None and component.only_if.up_to is not None:
        yield Sentence(_("Only if no more than %(units)s are used."), {"units": written(component.only_if.up_to)})


_CHANNELS = {
    Channel.IMPORT: _("Each unit used."),
    Channel.EXPORT: _("Each unit given back."),
    Channel.NET: _("Each unit used, less those given back."),
    Channel.REACTIVE_IMPORT: _("Each kvarh used."),
    Channel.REACTIVE_EXPORT: _("Each kvarh given back."),
    Channel.APPARENT: _("Each kVAh used."),
    Channel.VOLUME: _("Each m³ that flowed."),
    Channel.IMPORT_T1: _("Each unit of the meter's tariff register T1."),
    Channel.IMPORT_T2: _("Each unit of the meter's tariff register T2."),
    Channel.IMPORT_T3: _("Each unit of the meter's tariff register T3."),
    Channel.IMPORT_T4: _("Each unit of the meter's tariff register T4."),
}
_FIXED = {
    Charge.FIXED_DAILY: _("%(price)s for each calendar day."),
    Charge.FIXED_MONTHLY: _("%(price)s for each calendar month."),
    Charge.FIXED_YEARLY: _("%(price)s for a calendar year, by its days."),
    Charge.FIXED_PERIOD: _("%(price)s for each bill."),
}


def _what(component: Component, names: _Names) -> Iterator[Sentence]:
    charge = component.charge
    if charge is Charge.ENERGY:
        yield Sentence(_CHANNELS[component.channel])
        yield from _priced(component, names)
        yield from _quantity(component)
        yield from _banked(component)
    elif charge in _FIXED:
        if component.tiers:
            yield Sentence(_("By tiers of “%(fact)s” of the account."), {"fact": component.times})
            yield from _tiers(component.tiers, names)
        else:
            yield Sentence(_FIXED[charge], {"price": written(component.price)})
            if component.times:
                yield Sentence(_("Times “%(fact)s” of the account."), {"fact": component.times})
        if component.proration.is_mean_month:
            yield Sentence(_("Each calendar month has 365/12 days."))
    elif charge is Charge.ONE_OFF:
        yield Sentence(_("%(price)s once."), {"price": written(component.price)})
        when = component.due.isoformat() if component.due else None
        if when is None:
            yield Sentence(_("In the first period of the contract."))
        else:
            yield Sentence(_("In the period that holds %(day)s."), {"day": when})
    elif component.demand is not None and charge is Charge.DEMAND:
        yield from _demand(component, component.demand, names)
    elif component.power_factor is not None:
        yield from _power_factor(component, component.power_factor)
    elif component.delta_t is not None:
        yield from (Sentence(template, data) for template, data in wording_delta_t.sentences(component))
        yield from _on(component, names.parts)
    else:
        yield from _of_lines(component, names.parts)


def _priced(component: Component, names: _Names) -> Iterator[Sentence]:
    if component.prices:
        for code, price in component.prices:
            yield Sentence(
                _("%(period)s: %(price)s."), {"period": names.periods.get(code, code), "price": written(price)}
            )
    elif component.series is not None:
        yield Sentence(_("At the price of each hour of “%(series)s”."), {"series": component.series.code})
    elif component.tiers:
        yield from _ladder(component)
        yield from _tiers(component.tiers, names)
    elif component.period_tiers:
        for code, tiers in component.period_tiers:
            yield Sentence(_("%(period)s has tiers of its own."), {"period": names.periods.get(code, code)})
            yield from _tiers(tiers, names)
    else:
        yield Sentence(_("%(price)s each."), {"price": written(component.price)})


def _ladder(component: Component) -> Iterator[Sentence]:
    ladder, reference = component.ladder, component.reference
    if ladder.is_slab:
        yield Sentence(_("All units at the price of the tier that they reach."))
    else:
        yield Sentence(_("Each part of the units at the price of its tier."))
    if ladder.year is not None:
        day = f"{ladder.year[0]:02}-{ladder.year[1]:02}"
        yield Sentence(_("The tiers go on from bill to bill, and begin anew each year on %(day)s."), {"day": day})
    elif reference.days:
        yield Sentence(
            _("The limits hold for %(days)s days, and go with the days of the bill."), {"days": reference.days}
        )
    elif reference.named == "CALENDAR_MONTH":
        yield Sentence(_("The limits hold for a calendar month, and go with its days."))
    elif reference.named == "CALENDAR_YEAR":
        yield Sentence(_("The limits hold for a calendar year, and go with its days."))
    else:
        yield Sentence(_("The limits hold for each bill."))
    if ladder.scale is not None:
        yield Sentence(_("The limits are multiplied by “%(fact)s” of the account."), {"fact": ladder.scale.fact})
    if any(tier.prices for tier in component.tiers):
        if ladder.by_time:
            yield Sentence(_("What is used first fills the first tier, whatever the hour."))
        else:
            yield Sentence(_("Each price period has a part of every tier, in proportion to its use."))


def _tiers(tiers: tuple[Tier, ...], names: _Names) -> Iterator[Sentence]:
    for tier in tiers:
        by_period = [f"{names.periods.get(code, code)} {written(each)}" for code, each in tier.prices]
        price = ", ".join(by_period) or written(tier.price)
        if tier.hours is not None:
            yield Sentence(
                _("Up to %(hours)s hours of use: %(price)s."), {"hours": written(tier.hours), "price": price}
            )
        elif tier.up_to is not None:
            yield Sentence(_("Up to %(limit)s: %(price)s."), {"limit": written(tier.up_to), "price": price})
        else:
            yield Sentence(_("All others: %(price)s."), {"price": price})
        if tier.fixed:
            yield Sentence(_("%(amount)s more when it is reached."), {"amount": written(tier.fixed)})


def _banked(component: Component) -> Iterator[Sentence]:
    return (Sentence(template, data) for template, data in wording_bank.sentences(component))


def _quantity(component: Component) -> Iterator[Sentence]:
    if component.linked is not None:
        yield from (Sentence(template, data) for template, data in wording_linked.sentences(component.linked))
    if component.loss is not None:
        yield Sentence(_("With losses: times %(factor)s."), {"factor": written(component.loss.factor)})
    if component.package is not None:
        yield Sentence(_("For each package of %(size)s."), {"size": written(component.package)})
    if component.minimum is not None:
        yield Sentence(_("At least %(units)s are billed."), {"units": written(component.minimum.quantity)})
    if component.allowance is not None:
        yield Sentence(_("%(units)s are free."), {"units": written(component.allowance.quantity)})


_TAKES = {
    Take.MAXIMUM: _("The highest power of the period."),
    Take.EACH_DAY: _("The highest power of each day."),
    Take.MEAN_OF_HIGHEST: _("The mean of the %(highest)s highest."),
    Take.AT_SITE_PEAK: _("The power at the instant at which the site takes the most."),
}
_PERS = {
    Per.PERIOD: _("The price is for a bill."),
    Per.MONTH: _("The price is for a month."),
    Per.DAY: _("The price is for a day."),
}


def _demand(component: Component, terms: Demand, names: _Names) -> Iterator[Sentence]:
    if terms.is_registered:
        yield Sentence(_("The highest power that the meter's register of maximum demand showed."))
    else:
        yield Sentence(_TAKES[terms.take], {"highest": terms.highest})
    if terms.sliding_by:
        data: dict[str, object] = {"minutes": terms.interval, "step": terms.sliding_by}
        yield Sentence(_("Over %(minutes)s minutes, sliding by %(step)s."), data)
    elif terms.interval:
        yield Sentence(_("Over %(minutes)s minutes."), {"minutes": terms.interval})
    if terms.joins:
        together, added = _("Of all meters of the account together."), _("Of each meter of the account, added up.")
        yield Sentence(together if terms.is_coincident else added)
    if terms.periods:
        periods = ", ".join(names.periods.get(each, each) for each in terms.periods)
        yield Sentence(_("In the hours of %(periods)s."), {"periods": periods})
    if terms.unit is not Unit.KW:
        yield Sentence(_("In %(unit)s."), {"unit": terms.unit.symbol})
    yield from _priced(component, names)
    yield Sentence(_PERS[terms.per])
    for ratchet in terms.ratchets:
        data = {"percent": written(ratchet.percent), "months": ratchet.months}
        yield Sentence(_("At least %(percent)s %% of the highest of the %(months)s months before."), data)
    if terms.minimum:
        yield Sentence(_("At least %(units)s are billed."), {"units": written(terms.minimum)})
    if terms.contracted is not None:
        yield Sentence(_("What is contracted is “%(fact)s” of the account."), {"fact": terms.contracted.fact})
        if terms.contracted.least:
            data = {"percent": written(terms.contracted.least)}
            yield Sentence(_("At least %(percent)s %% of it is billed."), data)
        for each in terms.contracted.excess:
            data = {"percent": written(each.above), "price": written(each.price)}
            yield Sentence(_("Above %(percent)s %% of it: %(price)s."), data)


def _power_factor(component: Component, terms: PowerFactor) -> Iterator[Sentence]:
    if terms.rule is Rule.REACTIVE_ABOVE:
        data = {"share": written(terms.tan_phi), "price": written(component.price)}
        yield Sentence(_("Each kvarh above %(share)s of the kWh: %(price)s."), data)
    elif terms.rule is Rule.STEPS:
        for below, percent in terms.steps:
            data = {"percent": written(percent), "step": written(terms.step), "below": written(below)}
            yield Sentence(_("%(percent)s %% for each %(step)s of the power factor below %(below)s."), data)
    else:
        yield Sentence(
            _("A percentage by how far the power factor is from %(value)s."), {"value": written(terms.reference[-1][1])}
        )


def _of_lines(component: Component, names: Mapping[str, str]) -> Iterator[Sentence]:
    if component.charge in {Charge.CREDIT_BANK, Charge.BANK_END}:
        yield from _banked(component)
        yield from _on(component, names)
        return
    amount = f"{written(component.percent)} %" if component.percent is not None else written(component.price)
    templates = {
        Charge.DISCOUNT: _("%(amount)s off."),
        Charge.SURCHARGE: _("%(amount)s more."),
        Charge.MINIMUM_BILL: _("What is missing up to %(amount)s."),
        Charge.MAXIMUM_BILL: _("What is above %(amount)s is taken off."),
        Charge.PASS_THROUGH: _("The utility's invoice “%(invoice)s” is passed on."),
        Charge.COST_CAP: _("What is above the price of the utility's invoice “%(invoice)s” is taken off."),
    }
    invoice = component.invoice.code if component.invoice else ""
    yield Sentence(templates[component.charge], {"amount": amount, "invoice": invoice})
    yield from _on(component, names)


def _on(component: Component, names: Mapping[str, str]) -> Iterator[Sentence]:
    if component.on:
        on = ", ".join(name for code, name in names.items() if code in component.on)
        yield Sentence(_("On: %(components)s."), {"components": on})


def _tax(document: TariffDocument, tax: Tax, names: Mapping[str, str]) -> Iterator[Sentence]:
    percent = written((tax.rate * 100).normalize())
    yield Sentence(
        _("%(percent)s %%, held by the prices.") if tax.is_inclusive else _("%(percent)s %%."), {"percent": percent}
    )
    if len(tax.components) < len(document.components):
        on = ", ".join(names[each.code] for each in document.components if each.code in tax.components)
        yield Sentence(_("On: %(components)s."), {"components": on})
    if tax.taxes:
        yield Sentence(_("And on: %(components)s."), {"components": ", ".join(names[each] for each in tax.taxes)})
    if tax.is_reversed:
        yield Sentence(_("The customer owes it."))
