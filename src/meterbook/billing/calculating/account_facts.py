"""Facts of accounts that a tariff multiplies by: of the place, of the customer, and of invoices of the period."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.text import slugify

from meterbook.billing import models
from meterbook.billing.calculating import facts
from meterbook.billing.calculating.wanted import Wanted
from meterbook.customers import models as customer_models
from meterbook.foundation import many
from meterbook.kernel import quantity
from meterbook.kernel.quantity import Unit
from meterbook.metering import models as metering_models
from meterbook.tariffs import sources
from meterbook.tariffs.rating import lines
from meterbook.tariffs.rating.inputs import Exemption, InvoiceLine, Prices

EXEMPT = "exempt_"  # a custom field of a customer: exempt_vat holds the certificate, exempt_vat_until the final day
FROM, UNTIL = "_from", "_until"
_SQUARE_FOOT = Fraction("0.09290304")  # in square meters
_NUMBER = re.compile(r"[0-9]{1,12}(\.[0-9]{1,6})?")


@dataclass(frozen=True)
class Known:
    """Facts by meter point and by account, the contracts' beginnings and final ends, and what the whole run shares."""

    places: Mapping[int, Mapping[str, Decimal]] = field(default_factory=dict)
    customers: Mapping[int, Mapping[str, Decimal]] = field(default_factory=dict)
    began: Mapping[int, datetime] = field(default_factory=dict)
    ended: Mapping[int, datetime] = field(default_factory=dict)
    invoices: Mapping[str, Mapping[str, InvoiceLine]] = field(default_factory=dict)
    keys: Mapping[str, Decimal] = field(default_factory=dict)
    prices: Mapping[str, Prices] = field(default_factory=dict)

    @classmethod
    def load(cls, run: facts.Run, wanted: Sequence[Wanted]) -> Known:
        """This will load facts in a fixed number of queries; nothing where nothing is wanted."""
        names = {name for each in wanted for name in each.needs.facts}
        codes = {code for each in wanted for code in each.needs.price_series}
        return cls(
            places=_places(run, {each.point.id for each in wanted}) if names else {},
            customers=_customers(run, {each.share.account_id for each in wanted}) if names else {},
            began=_began(run, [each for each in wanted if each.needs.is_first]),
            ended=_ended(run, [each for each in wanted if each.needs.banks]),
            invoices=_invoices(run, wanted),
            keys=_keys(run, {name for each in wanted for name in each.needs.keys}),
            prices=sources.prices(codes=codes, period=run.period) if codes else {},
        )

    def facts(self, wanted: Wanted) -> dict[str, Decimal]:
        """This will return the facts that a share's tariff names: those of the customer stand above the place's."""
        found = {**self.places.get(wanted.point.id, {}), **self.customers.get(wanted.share.account_id, {})}
        return {name: found[name] for name in sorted(wanted.needs.facts) if name in found}

    def is_first(self, wanted: Wanted) -> bool:
        """This will tell whether the account's contract begins in this period."""
        began = self.began.get(wanted.share.contract_id or 0)
        return began is not None and wanted.share.period.start <= began < wanted.share.period.end

    def is_final(self, wanted: Wanted) -> bool:
        """This will tell whether the account's contract ends with this period, and no other follows it."""
        return self.ended.get(wanted.share.contract_id or 0) == wanted.share.period.end


def exemptions(run: facts.Run, wanted: Sequence[Wanted]) -> dict[int, tuple[Exemption, ...]]:
    """This will return the taxes that accounts are exempt from, by their customers' fields `exempt_<tax>`."""
    taxes = {code for each in wanted for code in each.taxes}
    if not taxes:
        return {}
    rows = customer_models.Account.objects.filter(
        many.among("id", {each.share.account_id for each in wanted}),
        organization_id=run.organization_id,
        customer__custom__has_any_keys=[EXEMPT + code for code in sorted(taxes)],
    )
    found = {}
    for account_id, custom in rows.order_by("id").values_list("id", "customer__custom"):
        listed = [_exemption(code, custom) for code in sorted(taxes) if custom.get(EXEMPT + code)]
        found[account_id] = tuple(each for each in listed if each is not None)
    return found


def _exemption(code: str, custom: Mapping[str, str]) -> Exemption | None:
    """None: its dates cannot be read, and then the tax is due."""
    key = EXEMPT + code
    try:
        first = date.fromisoformat(custom[key + FROM]) if custom.get(key + FROM) else date.min
        until = date.fromisoformat(custom[key + UNTIL]) if custom.get(key + UNTIL) else None
    except ValueError:
        return None
    return Exemption(code, str(custom[key])[:80], first, until)


def had_before(run: facts.Run, shares: Sequence[facts.Share]) -> frozenset[tuple[int, int]]:
    """This will return the (account, meter point) whose contract holds before the share begins, by the same tariff."""
    began = _begun(run, {each.contract_id for each in shares if each.contract_id is not None})
    return frozenset(
        (each.account_id, each.meter_point_id)
        for each in shares
        if each.contract_id in began and began[each.contract_id] < each.period.start
    )


def _began(run: facts.Run, wanted: Sequence[Wanted]) -> dict[int, datetime]:
    return _begun(run, {each.share.contract_id for each in wanted if each.share.contract_id is not None})


def _begun(run: facts.Run, ids: set[int]) -> dict[int, datetime]:
    if not ids:
        return {}
    rows = customer_models.Contract.objects.filter(organization_id=run.organization_id, id__in=ids)
    never = datetime.min.replace(tzinfo=UTC)
    return {pk: during.lower or never for pk, during in rows.order_by("id").values_list("id", "during")}


def ending(run: facts.Run, ids: Iterable[int]) -> QuerySet[customer_models.Contract]:
    """This will return those of contracts that end, and after which the account has none at the meter point: a renewed
    one goes on.
    """
    contracts = customer_models.Contract.objects.filter(organization_id=run.organization_id)
    later = contracts.filter(
        account_id=OuterRef("account_id"),
        meter_point_id=OuterRef("meter_point_id"),
        during__startswith__gte=many.ends(OuterRef("during")),
    )
    return contracts.filter(~Exists(later), many.among("id", list(ids)), during__endswith__isnull=False)


def _ended(run: facts.Run, wanted: Sequence[Wanted]) -> dict[int, datetime]:
    ids = {each.share.contract_id for each in wanted if each.share.contract_id is not None}
    if not ids:
        return {}
    rows = ending(run, ids)
    return {pk: during.upper for pk, during in rows.order_by("id").values_list("id", "during")}


def _places(run: facts.Run, ids: set[int]) -> dict[int, dict[str, Decimal]]:
    rows = metering_models.MeterPoint.objects.filter(
        organization_id=run.organization_id, id__in=ids, node__isnull=False
    ).order_by("id")
    fields = ("id", "node__area", "node__area_unit", "node__headcount", "node__custom")
    return {pk: _place(*each) for pk, *each in rows.values_list(*fields)}


def _place(area: Decimal | None, unit: str, headcount: int | None, custom: Mapping[str, str]) -> dict[str, Decimal]:
    found = _numbers(custom)
    if area is not None:
        found["area"] = lines.decimal(Fraction(area) * (_SQUARE_FOOT if unit == "FT2" else 1))
    if headcount is not None:
        found["headcount"] = Decimal(headcount)
    return found


def _customers(run: facts.Run, ids: set[int]) -> dict[int, dict[str, Decimal]]:
    rows = customer_models.Account.objects.filter(organization_id=run.organization_id, id__in=ids).order_by("id")
    found = {}
    for pk, occupants, custom in rows.values_list("id", "customer__occupants", "customer__custom"):
        found[pk] = _numbers(custom) | ({} if occupants is None else {"headcount": Decimal(occupants)})
    return found


def _numbers(custom: Mapping[str, object]) -> dict[str, Decimal]:
    found = {}
    for key, value in custom.items():
        text = str(value).strip()
        if _NUMBER.fullmatch(text):
            try:
                found[slugify(key)] = Decimal(text)
            except InvalidOperation:
                continue
    return found


def _invoices(run: facts.Run, wanted: Sequence[Wanted]) -> dict[str, dict[str, InvoiceLine]]:
    """Lines of invoices entered for exactly the run's days, by the code of their shared cost and their text.

    A supplier's invoice has a code of its own; its lines are over what all of it says was used.
    """
    codes = {code for each in wanted for code in each.needs.invoices}
    if not codes:
        return {}
    rows = models.PoolEntry.objects.filter(
        organization_id=run.organization_id,
        site_id=run.site_id,
        days=(run.first_day, run.until_day),
        withdrawn_at=None,
    ).order_by("id")
    unit = next((each.point.series.unit for each in wanted if each.point.series is not None), Unit.KWH)
    found: dict[str, dict[str, InvoiceLine]] = defaultdict(dict)
    for code, text, used, counted, amount in rows.values_list("pool__code", "text", "quantity", "unit", "amount"):
        line = InvoiceLine(_converted(used or Decimal(0), counted, unit), amount)
        key, own = slugify(code), slugify(text)[:40]
        if key in codes:
            before = found[key].get(own)
            found[key][own] = (
                line if before is None else InvoiceLine(before.quantity + line.quantity, before.amount + line.amount)
            )
    return {**_of_suppliers(run, codes, unit), **found}


def _of_suppliers(run: facts.Run, codes: set[str], unit: Unit) -> dict[str, dict[str, InvoiceLine]]:
    rows = models.SupplierInvoiceVersion.objects.filter(
        organization_id=run.organization_id,
        invoice__site_id=run.site_id,
        invoice__charged_days=(run.first_day, run.until_day),
        invoice__is_withdrawn=False,
        invoice__code__in=codes,
        number=F("invoice__version"),
    )
    found: dict[str, dict[str, InvoiceLine]] = defaultdict(dict)
    for document in rows.order_by("invoice_id").values_list("document", flat=True):
        used = _converted(Decimal(document.get("quantity") or 0), document.get("unit", ""), unit)
        own: dict[str, InvoiceLine] = {}
        for each in document["lines"]:
            key = slugify(each["text"])[:40]
            before = own.get(key, InvoiceLine(used, Decimal(0)))
            own[key] = InvoiceLine(used, before.amount + Decimal(each["amount"]))
        for key, line in own.items():
            before = found[document["code"]].get(key, InvoiceLine(Decimal(0), Decimal(0)))
            found[document["code"]][key] = InvoiceLine(before.quantity + line.quantity, before.amount + line.amount)
    return found


def _converted(used: Decimal, counted: str, wanted: Unit) -> Decimal:
    """In the unit that is measured; what does not convert stays."""
    found = next((each for each in Unit if counted in (each.value, each.symbol)), wanted)
    if found.dimension is not wanted.dimension:
        return used
    return lines.decimal(Fraction(used) * quantity.factor(found, wanted))


def _keys(run: facts.Run, names: set[str]) -> dict[str, Decimal]:
    """The sum of a fact over all places that the run bills."""
    if not names:
        return {}
    ids = set(
        models.RunShare.objects.filter(organization_id=run.organization_id, run_id=run.id).values_list(
            "meter_point_id", flat=True
        )
    )
    places = _places(run, ids)
    return {name: sum((each.get(name, Decimal(0)) for each in places.values()), Decimal(0)) for name in sorted(names)}
