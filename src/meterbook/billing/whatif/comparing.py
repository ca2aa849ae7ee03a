"""What accounts would have been billed by other prices, without changing anything. Needs a running scope."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from meterbook.billing.calculating import facts, measured
from meterbook.billing.correcting import anew
from meterbook.billing.queries.amounts import money
from meterbook.billing.whatif import asked as asking
from meterbook.billing.whatif import history, pricing
from meterbook.customers import queries as customer_queries
from meterbook.foundation import scoping
from meterbook.kernel.money import Money
from meterbook.metering.values import Service
from meterbook.tariffs import models as tariff_models
from meterbook.tariffs import operations as tariff_operations
from meterbook.tariffs import sources
from meterbook.tariffs.rating import reading
from meterbook.tariffs.rating.document import TariffDocument, Text

_AT_ONCE = 500  # accounts of a portion whose intervals are in memory at a time
_NOT_KEPT = -1  # in place of the id of a version that is not kept
_LineKey = tuple[str, str, int | None, str]


class VersionNotFound(LookupError):
    """There is no such tariff version in this organization."""


def of_version(public_id: uuid.UUID) -> facts.Tariff:
    """This will return a version, published or a draft, as prices for all days.

    :raises VersionNotFound: when it is not there or belongs to another organization
    """
    versions = tariff_models.TariffVersion.objects.filter(
        organization_id=scoping.current().organization_id, public_id=public_id
    )
    found = versions.select_related("tariff").first()
    if found is None:
        raise VersionNotFound(_("There is no such tariff version."))
    return anew.by_version(found, facts.Documents())


def of_document(raw: object) -> facts.Tariff:
    """This will return a document that is kept nowhere as prices for all days.

    :raises TariffInvalid: naming every place that is wrong
    """
    sound = reading.read(raw, sources.calendars())
    digest = hashlib.sha256(tariff_operations.canonical(raw)).hexdigest()
    return anew.always(sound.code, _NOT_KEPT, 0, digest, sound)


def compare(asked: asking.Asked, *, now: datetime) -> asking.Result:
    """This will price what accounts used by other prices, and tell what changes for whom.

    Before is what issued bills came to; where nothing was billed, what contracts say, with today's version for days
    that have none. Shared costs and settlements of a bill stay as they are. By what contracts say, the result is the
    issued bills to the cent, unless readings have changed since.

    :raises asking.DaysInvalid: when the days cannot be
    :raises asking.ScopeInvalid: when an account or a tariff is not there
    :raises asking.NobodyThere: when nobody used anything
    :raises asking.TooMuchAtOnce: when it is more than somebody waits for
    """
    asked.check(now.astimezone(UTC).date())
    account_ids = history.accounts_of(asked)
    portions = history.portions(asked, account_ids, now) if account_ids else []
    size = history.size(portions)
    if not size:
        raise asking.NobodyThere(_("Nobody pays for anything there in these days; choose others."))
    if size > asking.MOST_BILLS:
        words = _(
            "These are %(count)s bills and months; %(most)s are compared at once. "
            "Choose one site, fewer accounts or a shorter time."
        )
        raise asking.TooMuchAtOnce(words % {"count": size, "most": asking.MOST_BILLS})
    accounts = customer_queries.accounts_by_id(ids=account_ids)
    involved = {each for portion in portions for each in portion.accounts}
    usual = Counter(accounts[each].currency for each in sorted(involved)).most_common(1)[0][0]
    currency = usual if asked.chosen is None else asked.chosen.currency
    wanted = {each for each in involved if accounts[each].currency == currency}
    only = pricing.Only(history.tariff_id(asked.scope), asked.scope.service)
    session = pricing.Session(asked.first_day, asked.chosen, only, now)
    session.known.accounts |= accounts
    sums = _Sums(asked.chosen)
    for portion in portions:
        for piece in _pieces(portion, wanted):
            sums.add(piece, session.compare(piece))
    if not sums.has_any:
        words = _("Everybody there has another currency than %(currency)s; choose prices in theirs.")
        raise asking.NobodyThere(words % {"currency": currency})
    return sums.result(accounts, currency, elsewhere=len(involved - wanted))


def _pieces(portion: history.Portion, wanted: Collection[int]) -> Iterable[history.Portion]:
    """At most so many accounts as are held in memory, of those wanted."""
    own = [each for each in portion.accounts if each in wanted]
    for start in range(0, len(own), _AT_ONCE):
        part = own[start : start + _AT_ONCE]
        yield history.Portion(
            portion.run,
            {each: portion.shares.get(each, ()) for each in part},
            {each: portion.issued[each] for each in part if each in portion.issued},
        )


@dataclass
class _Account:
    bills: int = 0
    months: int = 0
    before: Decimal = Decimal(0)
    after: Decimal = Decimal(0)
    is_touched: bool = False
    troubles: list[asking.Trouble] = field(default_factory=list)


@dataclass
class _Line:
    text: Text
    unit: str
    is_use: bool
    quantity: Decimal = Decimal(0)
    amount: Decimal = Decimal(0)
    accounts: set[int] = field(default_factory=set)


class _Sums:
    """Adds portions up."""

    def __init__(self, chosen: facts.Tariff | None) -> None:
        self._chosen = chosen
        self._accounts: dict[int, _Account] = defaultdict(_Account)
        self._months: dict[date, list[Decimal]] = defaultdict(lambda: [Decimal(0), Decimal(0), Decimal(0)])
        self._lines: dict[_LineKey, _Line] = {}
        self._names: dict[tuple[str, str], Text] = {}
        self._services: set[Service] = set()

    @property
    def has_any(self) -> bool:
        """Whether anything was added."""
        return bool(self._accounts)

    def add(self, portion: history.Portion, found: pricing.Compared) -> None:
        month = self._months[portion.run.first_day.replace(day=1)]
        for account_id in portion.accounts:
            own = self._accounts[account_id]
            if account_id in found.held:
                reasons = found.held[account_id][: asking.NAMED]
                own.troubles.append(asking.Trouble(portion.run.first_day, portion.run.until_day, reasons))
                continue
            before, after = found.before[account_id], found.after[account_id]
            own.before, own.after = own.before + before, own.after + after
            own.bills, own.months = own.bills + bool(portion.issued), own.months + (not portion.issued)
            month[0], month[1], month[2] = month[0] + 1, month[1] + before, month[2] + after
        for piece in pricing.touched(found.priced.pieces, self._chosen):
            if piece.share.account_id not in found.held:
                self._accounts[piece.share.account_id].is_touched = True
                self._services.add(piece.point.service)
                self._note(piece, found.priced.rated[id(piece)][1].lines)

    def _note(self, piece: measured.Piece, lines: Sequence[Any]) -> None:
        code, document = piece.tariff.code, piece.version.document
        for line in lines:
            tier, period = line.trace.get("tier"), line.trace.get("period", "")
            key = code, line.component, tier, period if isinstance(period, str) else ""
            own = self._lines.get(key)
            if own is None:
                text = line.text if key[3] and tier is None else self._name(code, document, line.component)
                own = self._lines[key] = _Line(text, line.unit, line.unit == document.unit.value)
            own.amount += line.amount
            if own.is_use and "/" not in line.quantity:
                own.quantity += Decimal(line.quantity)
            if line.amount:
                own.accounts.add(piece.share.account_id)

    def _name(self, code: str, document: TariffDocument, component: str) -> Text:
        if (code, component) not in self._names:
            self._names |= {(code, each.code): each.name for each in document.components}
        return self._names[code, component]

    def result(
        self, accounts: Mapping[int, customer_queries.AccountRow], currency: str, *, elsewhere: int
    ) -> asking.Result:
        rows = [_row(accounts[key], own, currency) for key, own in self._accounts.items()]
        rows.sort(key=lambda each: (-each.change.amount, each.number))
        return asking.Result(
            currency=currency,
            accounts=tuple(rows),
            months=tuple(
                asking.MonthResult(month, int(count), money(before, currency), money(after, currency))
                for month, (count, before, after) in sorted(self._months.items())
                if count
            ),
            lines=tuple(
                asking.LineResult(
                    tariff=code,
                    text=own.text,
                    tier=tier,
                    unit=own.unit,
                    quantity=own.quantity if own.is_use else None,
                    amount=money(own.amount, currency),
                    accounts=len(own.accounts),
                )
                for (code, _component, tier, _period), own in self._lines.items()
            ),
            elsewhere=elsewhere,
            services=tuple(sorted(self._services)),
            counts=Counter(each.verdict for each in rows),
        )


def _row(account: customer_queries.AccountRow, own: _Account, currency: str) -> asking.AccountResult:
    def told(amount: Decimal) -> Money:
        return money(amount, currency)

    return asking.AccountResult(
        public_id=account.public_id,
        number=account.number,
        customer_name=account.customer_name,
        site_name=account.site_name,
        bills=own.bills,
        months=own.months,
        is_touched=own.is_touched,
        before=told(own.before),
        after=told(own.after),
        troubles=tuple(own.troubles),
    )
