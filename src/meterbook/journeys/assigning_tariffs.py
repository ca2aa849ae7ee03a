"""Another tariff for many contracts from a day on: first what it would have meant, then all of it at once (M-057)."""

from __future__ import annotations

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta

from django.db.models import Q
from django.utils import formats
from django.utils.translation import gettext as _

from meterbook.billing.correcting import anew
from meterbook.billing.whatif import last_bills
from meterbook.customers import assigning, overriding
from meterbook.customers import models as customer_models
from meterbook.foundation import operation, scoping
from meterbook.journeys import assigning_banks, billed, listed_names, moving_in
from meterbook.kernel import civil
from meterbook.kernel.actor import Actor
from meterbook.kernel.money import Money
from meterbook.metering import values as metering_values
from meterbook.tariffs import models as tariff_models
from meterbook.tariffs import queries as tariff_queries

MOST = listed_names.MOST  # contracts that are changed at once
_ZONES = timedelta(hours=14)


class AssignmentInvalid(ValueError):
    """What was chosen cannot be; `field` is at fault: tariff, first_day, service, names or reason."""

    def __init__(self, field: str, words: str) -> None:
        super().__init__(words)
        self.field = field


class AssignmentChanged(ValueError):
    """Contracts changed since the preview was shown; look at it again."""


@dataclass(frozen=True)
class Choice:
    """Contracts of sites, of those who pay by a tariff (public id), of accounts or meter points by number or code.

    :param sites: internal ids; None: all of the organization
    :param service: only its meter points; None: all, as long as only those of one service could get the tariff
    """

    sites: frozenset[int] | None = None
    present: uuid.UUID | None = None
    names: tuple[str, ...] = ()
    service: metering_values.Service | None = None


@dataclass(frozen=True)
class ContractLine:
    """A contract of the choice: `fault` says why it stays as it is; `has_it`: the tariff holds for it already.

    `default` is the code of the default that the tariff overrides; empty: it overrides none.
    """

    public_id: uuid.UUID
    point_id: int
    point_code: str
    point_name: str
    tariff_code: str
    starts_at: datetime
    fault: str = ""
    has_it: bool = False
    default: str = ""

    @property
    def changes(self) -> bool:
        """Whether it gets the tariff."""
        return not self.fault and not self.has_it


@dataclass(frozen=True)
class AccountPreview:
    """An account with its contracts of the choice, and its latest bill by both tariffs (None: there is none)."""

    public_id: uuid.UUID
    number: str
    customer_name: str
    contracts: tuple[ContractLine, ...]
    bill: last_bills.LastBill | None = None

    @property
    def faults(self) -> list[ContractLine]:
        """Contracts that stay as they are because something is wrong."""
        return [each for each in self.contracts if each.fault]

    @property
    def changes(self) -> bool:
        """Whether anything of it gets the tariff."""
        return any(each.changes for each in self.contracts)


@dataclass(frozen=True)
class Preview:
    """What an assignment would do. `digest` names exactly that; sums are over latest bills that both tariffs price.

    `banks` of present tariffs would wait: the tariff has none that goes on with them.
    """

    tariff: tariff_queries.TariffRow
    first_day: date
    accounts: tuple[AccountPreview, ...]
    digest: str
    starts: Mapping[uuid.UUID, datetime] = field(default_factory=dict)
    banks: tuple[assigning_banks.WaitingBank, ...] = ()

    @property
    def compared(self) -> list[last_bills.LastBill]:
        """The latest bills of which both amounts are known."""
        bills = [each.bill for each in self.accounts if each.bill is not None]
        return [each for each in bills if each.after is not None]

    @property
    def before(self) -> Money:
        """The sum of the latest bills."""
        return sum((each.before for each in self.compared), Money.zero(self.tariff.currency))

    @property
    def after(self) -> Money:
        """What they would have come to."""
        after = [each.after for each in self.compared if each.after is not None]
        return sum(after, Money.zero(self.tariff.currency))

    @property
    def overriding(self) -> list[ContractLine]:
        """Contracts that would get another tariff than their default: they need a reason."""
        return [line for each in self.accounts for line in each.contracts if line.changes and line.default]

    @property
    def troubled(self) -> list[AccountPreview]:
        """Accounts of which something stays as it is because it is wrong."""
        return [each for each in self.accounts if each.faults]


def preview(*, choice: Choice, tariff: uuid.UUID, first_day: date, now: datetime) -> Preview:
    """This will tell what a tariff from a day on would change, with the latest bill of each account by both.

    Days are those at each meter point. Contracts that cannot get it are named with the reason, and stay as they are.

    :raises AssignmentInvalid: when there is no such tariff, none of its versions is in force then, a name is unknown,
        there is nobody, or meters of several services would get it: gas and water are both counted in cubic meters
    """
    row = _tariff(tariff, first_day)
    contracts = _contracts(choice, first_day)
    taken = billed.taken_after(
        meter_point_ids={each.meter_point_id for each in contracts},
        instant=min((_start(each, first_day) for each in contracts), default=now),
    )
    by_account: dict[int, list[ContractLine]] = defaultdict(list)
    accounts = {}
    defaults = _overridden(contracts, row, first_day)
    for each, default in zip(contracts, defaults, strict=True):
        accounts[each.account_id] = each.account
        line = _line(each, row, first_day, taken.get(each.meter_point_id))
        by_account[each.account_id].append(replace(line, default=default))
    changing = {key: lines for key, lines in by_account.items() if any(line.changes for line in lines)}
    _require_one_service(contracts, changing)
    version = row.current
    if version is None:  # `_tariff` made sure
        raise AssignmentInvalid("tariff", _("There is no such tariff."))
    bills = last_bills.compare(
        account_ids=changing,
        point_ids={line.point_id for lines in changing.values() for line in lines if line.changes},
        chosen=anew.always(row.code, version.id, version.number, version.digest, version.document),
        now=now,
    )
    starts = {line.public_id: line.starts_at for lines in changing.values() for line in lines if line.changes}
    return Preview(
        tariff=row,
        first_day=first_day,
        accounts=tuple(
            AccountPreview(each.public_id, each.number, each.customer.name, tuple(by_account[key]), bills.get(key))
            for key, each in accounts.items()
        ),
        digest=_digest(tariff, starts),
        starts=starts,
        banks=assigning_banks.waiting(
            [each for each in contracts if each.public_id in starts], version.document, first_day
        ),
    )


@operation.operation
def assign(
    *,
    actor: Actor,
    at: datetime,
    choice: Choice,
    tariff: uuid.UUID,
    first_day: date,
    digest: str,
    reason: str = "",
) -> assigning.Assigned:
    """This will do what a preview showed, all of it or nothing.

    :param digest: of the preview that was looked at
    :param reason: why the tariff is to hold where it is not the default
    :raises AssignmentInvalid: as `preview`, and when nothing would change
    :raises AssignmentChanged: when it would do something else now
    """
    found = preview(choice=choice, tariff=tariff, first_day=first_day, now=at)
    if not found.starts:
        raise AssignmentInvalid("names", _("Nothing would change: nobody there can get this tariff, or all have it."))
    if found.digest != digest:
        raise AssignmentChanged(_("Contracts or bills changed since this was shown; look at it again."))
    try:
        return assigning.assign_tariff(actor=actor, at=at, tariff=tariff, starts=found.starts, reason=reason)
    except overriding.OverrideUnreasoned as error:
        raise AssignmentInvalid("reason", str(error)) from error


def _overridden(
    contracts: Sequence[customer_models.Contract], row: tariff_queries.TariffRow, first_day: date
) -> list[str]:
    """The code of the default that the tariff would override, contract by contract."""
    owner = scoping.current().organization_id
    wanted = tariff_models.Tariff(pk=row.id, organization_id=owner, code=row.code, currency=row.currency)
    asked = [
        overriding.Asked(each.account, each.meter_point, wanted, _start(each, first_day), each.tariff)
        for each in contracts
    ]
    return ["" if each is None else each.tariff_code for each in overriding.overridden(asked)]


def _tariff(public_id: uuid.UUID, first_day: date) -> tariff_queries.TariffRow:
    try:
        row = tariff_queries.get_tariff(public_id=public_id, on=first_day)
    except tariff_queries.TariffNotFound as error:
        raise AssignmentInvalid("tariff", _("There is no such tariff.")) from error
    if row.current is None:
        words = _("Tariff %(tariff)s has no version in force on %(day)s; publish one that starts then or before.")
        day = formats.date_format(first_day, "SHORT_DATE_FORMAT")
        raise AssignmentInvalid("first_day", words % {"tariff": row.code, "day": day})
    return row


def _contracts(choice: Choice, first_day: date) -> list[customer_models.Contract]:
    """Contracts that run on the day or begin later, by account number."""
    owner = scoping.current().organization_id
    earliest = datetime.combine(first_day, time(0), tzinfo=UTC) - _ZONES
    contracts = customer_models.Contract.objects.filter(
        Q(during__endswith__isnull=True) | Q(during__endswith__gt=earliest), organization_id=owner
    )
    if choice.sites is not None:
        contracts = contracts.filter(account__site_id__in=choice.sites)
    if choice.present is not None:
        contracts = contracts.filter(tariff__public_id=choice.present)
    if choice.service is not None:
        contracts = contracts.filter(meter_point__service=choice.service)
    if choice.names:
        contracts = contracts.filter(Q(account__number__in=choice.names) | Q(meter_point__code__in=choice.names))
    rows = contracts.select_related("account__customer", "meter_point__site", "tariff")
    listed = list(rows.order_by("account__number", "meter_point__code", "during", "id")[: MOST + 1])
    if len(listed) > MOST:
        words = _("More than %(most)s contracts are chosen; choose a site, or fewer accounts.")
        raise AssignmentInvalid("names", words % {"most": MOST})
    running = [each for each in listed if each.during.upper is None or each.during.upper > _start(each, first_day)]
    _require_known(choice.names, running)
    if not running:
        raise AssignmentInvalid("names", _("Nobody there has a contract that runs on that day or later."))
    return running


def _require_known(names: Sequence[str], contracts: Sequence[customer_models.Contract]) -> None:
    known = {each.account.number for each in contracts} | {each.meter_point.code for each in contracts}
    unknown = [each for each in names if each not in known]
    if unknown:
        words = _("No contract that runs on that day was found for %(names)s.")
        named = ", ".join(unknown[:5]) + (" …" if len(unknown) > 5 else "")
        raise AssignmentInvalid("names", words % {"names": named})


def _require_one_service(
    contracts: Sequence[customer_models.Contract], changing: Mapping[int, Sequence[ContractLine]]
) -> None:
    ids = {line.public_id for lines in changing.values() for line in lines if line.changes}
    found = {metering_values.Service(each.meter_point.service) for each in contracts if each.public_id in ids}
    if len(found) > 1:
        named = ", ".join(str(metering_values.SERVICE_CAPTIONS[each]) for each in sorted(found))
        words = _("Meters of several services could get it: %(services)s. Choose one service.")
        raise AssignmentInvalid("service", words % {"services": named})


def _line(
    contract: customer_models.Contract, row: tariff_queries.TariffRow, first_day: date, taken: billed.Taken | None
) -> ContractLine:
    starts_at, point = _start(contract, first_day), contract.meter_point
    has_it = contract.tariff_id == row.id
    fault = "" if has_it else _fault(contract, row, starts_at, taken)
    return ContractLine(
        public_id=contract.public_id,
        point_id=point.pk,
        point_code=point.code,
        point_name=point.name,
        tariff_code=contract.tariff.code,
        starts_at=starts_at,
        fault=fault,
        has_it=has_it,
    )


def _fault(
    contract: customer_models.Contract, row: tariff_queries.TariffRow, starts_at: datetime, taken: billed.Taken | None
) -> str:
    point = contract.meter_point
    if contract.account.currency != row.currency:
        return _("The account is in %(currency)s; the tariff is not.") % {"currency": contract.account.currency}
    counted = metering_values.series_type(metering_values.COUNTED_SERIES[metering_values.Service(point.service)])
    version = row.current
    if version is not None and not moving_in.is_priced(version.document.unit, counted.unit):
        words = _("Tariff %(tariff)s prices %(unit)s, which this meter does not count.")
        return words % {"tariff": row.code, "unit": version.document.unit.symbol}
    if contract.during.lower >= starts_at:
        day = _day(civil.local_date(contract.during.lower, point.zone))
        return _("The contract begins on %(day)s only; take a later day.") % {"day": day}
    if taken is not None and taken.until > starts_at:
        day = _day(civil.local_date(taken.until, point.zone))
        return _("This meter is on a bill until %(day)s. Take that day or a later one.") % {"day": day}
    return ""


def _start(contract: customer_models.Contract, first_day: date) -> datetime:
    return civil.start_of_day(first_day, contract.meter_point.zone)


def _digest(tariff: uuid.UUID, starts: Mapping[uuid.UUID, datetime]) -> str:
    lines = [str(tariff), *sorted(f"{key} {at.astimezone(UTC).isoformat()}" for key, at in starts.items())]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _day(day: date) -> str:
    return str(formats.date_format(day, "SHORT_DATE_FORMAT"))
