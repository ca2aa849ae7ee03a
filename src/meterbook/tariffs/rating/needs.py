"""What a tariff document needs of an account besides energy: what has to be loaded before it is priced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from meterbook.kernel.quantity import Unit
from meterbook.tariffs.rating.document import Component, TariffDocument
from meterbook.tariffs.rating.terms import Channel, Take

WINTER = "winter_average"  # a fact: units a month of 30 days, of accounts that had no winter here


@dataclass(frozen=True)
class Needs:
    """Names of facts, keys, invoices and series of prices; channels; how many months of demand; ladders and allowances.

    `deducts`: fields that name meters; `winters`: components with the months that they look at. `banks`: what the
    latest bill left, however old it is, and whether the contract ends. `registered`: kW or kVA of registers of maximum
    demand. `slides`: windows may begin before the period. `is_first`: whether it is the first period of the account
    matters.
    """

    facts: frozenset[str] = frozenset()
    channels: frozenset[Channel] = frozenset()
    invoices: frozenset[str] = frozenset()
    keys: frozenset[str] = frozenset()
    price_series: frozenset[str] = frozenset()
    months: int = 0
    carried: bool = False
    banks: bool = False
    deducts: frozenset[str] = frozenset()
    winters: frozenset[tuple[str, frozenset[int]]] = frozenset()
    slides: bool = False
    is_first: bool = False
    site_peak: bool = False
    registered: frozenset[Unit] = frozenset()
    is_nothing: bool = False


def of(document: TariffDocument) -> Needs:
    """This will return what a document needs."""
    listed = document.components
    invoices = [each.invoice for each in listed if each.invoice is not None]
    keys = frozenset(each.key for each in invoices if each.by_share and each.key)
    demands = [each.demand for each in listed if each.demand is not None]
    return Needs(
        facts=frozenset(name for each in listed for name in _facts(each)) | keys,
        channels=frozenset(channel for each in listed for channel in channels(each)),
        invoices=frozenset(each.code for each in invoices),
        keys=keys,
        price_series=frozenset(each.series.code for each in listed if each.series is not None),
        months=max((ratchet.months for each in demands for ratchet in each.ratchets), default=0),
        carried=any(each.ladder.year or (each.allowance and each.allowance.is_carried) for each in listed),
        banks=any(each.bank is not None or each.bank_end is not None for each in listed),
        deducts=frozenset(each.linked.less for each in listed if each.linked is not None and each.linked.less),
        winters=frozenset(
            (each.code, each.linked.winter.months)
            for each in listed
            if each.linked is not None and each.linked.winter is not None
        ),
        slides=any(each.sliding_by and not each.is_apparent for each in demands),
        is_first=any(each.charge == "ONE_OFF" and each.due is None for each in listed),
        site_peak=any(each.take is Take.AT_SITE_PEAK for each in demands),
        registered=frozenset(Unit.KVA if each.is_apparent else Unit.KW for each in demands if each.is_registered),
        is_nothing=document.is_plain,
    )


def together(listed: Sequence[Needs]) -> Needs:
    """This will return what any of several documents needs."""
    if len(listed) == 1:
        return listed[0]

    def all_of(name: str) -> frozenset[str]:
        return frozenset[str]().union(*(getattr(each, name) for each in listed))

    return Needs(
        facts=all_of("facts"),
        channels=frozenset[Channel]().union(*(each.channels for each in listed)),
        invoices=all_of("invoices"),
        keys=all_of("keys"),
        price_series=all_of("price_series"),
        months=max((each.months for each in listed), default=0),
        carried=any(each.carried for each in listed),
        banks=any(each.banks for each in listed),
        deducts=all_of("deducts"),
        winters=frozenset[tuple[str, frozenset[int]]]().union(*(each.winters for each in listed)),
        slides=any(each.slides for each in listed),
        is_first=any(each.is_first for each in listed),
        site_peak=any(each.site_peak for each in listed),
        registered=frozenset[Unit]().union(*(each.registered for each in listed)),
        is_nothing=all(each.is_nothing for each in listed),
    )


def channels(component: Component) -> set[Channel]:
    """This will return the channels besides import that a component needs."""
    found = {component.channel} - {Channel.IMPORT}
    if component.channel is Channel.NET or component.bank is not None:
        found = {Channel.EXPORT}
    terms = component.demand
    if component.power_factor is not None or (
        terms and ((terms.is_apparent and not terms.is_registered) or terms.power_factor)
    ):
        found.add(Channel.REACTIVE_IMPORT)
    if component.power_factor is not None and component.power_factor.leading != "IGNORE":
        found.add(Channel.REACTIVE_EXPORT)
    if component.delta_t is not None:
        found.add(Channel.VOLUME)
    return found


def _facts(component: Component) -> set[str]:
    scales = [component.ladder.scale]
    if component.minimum is not None:
        scales.append(component.minimum.scale)
    if component.allowance is not None:
        scales.append(component.allowance.scale)
    found = {each.fact for each in scales if each is not None}
    if component.linked is not None:
        most = component.linked.most
        found |= {most.scale.fact} if most is not None and most.scale is not None else set()
        found |= {WINTER} if component.linked.winter is not None else set()
    if component.times:
        found.add(component.times)
    if component.demand is not None and component.demand.contracted is not None:
        found.add(component.demand.contracted.fact)
    return found
