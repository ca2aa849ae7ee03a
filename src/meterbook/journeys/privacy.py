"""What a person may ask for: everything that is kept about them, and to be forgotten (M-065)."""

from __future__ import annotations

import io
import json
import uuid
import zipfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext as _

from meterbook.audit import operations as audit_operations
from meterbook.audit import queries as audit_queries
from meterbook.billing import models as billing_models
from meterbook.billing import values as billing_values
from meterbook.customers import erasing, lookups, protection, records
from meterbook.customers import models as customer_models
from meterbook.customers import queries as customer_queries
from meterbook.customers import values as customer_values
from meterbook.documents import queries as document_queries
from meterbook.documents import values as document_values
from meterbook.foundation import operation, scoping
from meterbook.kernel.actor import Actor
from meterbook.ledger import queries as ledger_queries

FORMAT = "meterbook-person/1"
MOST_ENTRIES = 1_000  # of the trail


@dataclass(frozen=True)
class Obstacle:
    """Why somebody cannot be forgotten yet; `account` is the public id of the account at fault."""

    words: str
    account: uuid.UUID | None = None


class NotErasable(ValueError):
    """Something is still open between the customer and the organization; `obstacles` says what."""

    def __init__(self, obstacles: Iterable[Obstacle]) -> None:
        super().__init__(_("This customer cannot be erased yet."))
        self.obstacles = tuple(obstacles)


@operation.operation
def export_customer(*, actor: Actor, at: datetime, customer: uuid.UUID, with_vulnerability: bool) -> bytes:
    """This will return a ZIP with `person.json` and all files about a customer, and note who took it.

    :param with_vulnerability: also why the customer must not be without supply; only for those who may know
    :raises lookups.CustomerNotFound: when the organization has no such customer
    """
    found = lookups.get_customer(public_id=customer)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in _files(found):
            archive.writestr(name, content)
        person = _person(found, at, with_vulnerability=with_vulnerability)
        archive.writestr("person.json", json.dumps(person, ensure_ascii=False, indent=2, default=_plain))
    row = records.find(customer, for_change=False)
    audit_operations.record(
        actor=actor,
        at=at,
        action="customers:export_customer",
        subject=row,
        before=None,
        after={"with_vulnerability": with_vulnerability},
    )
    return written.getvalue()


def obstacles(*, customer: uuid.UUID, at: datetime) -> list[Obstacle]:
    """This will return what is still open: contracts, balances, bills that have not come yet.

    :raises lookups.CustomerNotFound: when the organization has no such customer
    """
    found = lookups.get_customer(public_id=customer)
    balances = ledger_queries.balances([each.receivable_id for each in found.accounts])
    listed = []
    for account in found.accounts:
        contracts = customer_queries.list_contracts(account_id=account.id)
        given = {"number": account.number}
        if any(each.end is None or each.end > at for each in contracts):
            words = _("Account %(number)s still pays for a meter point; move the customer out first.")
            listed.append(Obstacle(words % given, account.public_id))
            continue
        balance = balances.get(account.receivable_id)
        if balance is not None and balance.amount != 0:
            listed.append(Obstacle(_("Account %(number)s has an open balance.") % given, account.public_id))
        ends = [each.end for each in contracts if each.end is not None]
        if ends and not _is_billed(account, max(ends)):
            listed.append(Obstacle(_("Account %(number)s waits for its final bill.") % given, account.public_id))
    return listed


@operation.operation
def erase_customer(*, actor: Actor, at: datetime, customer: uuid.UUID) -> customer_models.Customer:
    """This will forget who a customer was. Accounts, books and bills stay byte for byte. For ever.

    :raises NotErasable: when a contract runs, a balance is open or a bill is to come
    :raises lookups.CustomerNotFound: when the organization has no such customer
    :raises records.CustomerClosed: when it was merged or erased already
    """
    found = obstacles(customer=customer, at=at)
    if found:
        raise NotErasable(found)
    return erasing.anonymize(actor=actor, at=at, customer=customer)


def _is_billed(account: lookups.AccountOf, until: datetime) -> bool:
    """Whether the runs of the site have come as far as the account's time."""
    organization_id = scoping.current().organization_id
    members = billing_models.RunMember.objects.filter(organization_id=organization_id, account_id=account.id)
    pending = members.exclude(run__state__in=sorted(each.value for each in billing_values.FINAL_STATES))
    if pending.exists():
        return False
    shares = billing_models.RunShare.objects.filter(
        organization_id=organization_id, account_id=account.id, during__endswith__gte=until
    )
    return shares.exists()


def _files(found: lookups.CustomerDetail) -> Iterable[tuple[str, bytes]]:
    for each in found.files:
        _row, content = lookups.file_content(customer=found.public_id, file=each.public_id)
        yield f"documents/{each.public_id}_{_safe(each.name)}", content
    for bill in _bills(found):
        yield f"bills/{_safe(bill.number)}.json", bytes(bill.draft.content)
        is_internal = bill.account.mode == customer_values.AccountMode.INTERNAL
        kind = document_values.DocumentKind.CHARGE_BACK if is_internal else document_values.DocumentKind.BILL
        issued = document_queries.find_file(source_id=bill.public_id, kind=kind)
        if issued is not None:
            yield f"bills/{_safe(bill.number)}.pdf", document_queries.file_content(public_id=issued.public_id)[1]


def _bills(found: lookups.CustomerDetail) -> list[billing_models.Bill]:
    bills = billing_models.Bill.objects.filter(
        organization_id=scoping.current().organization_id, account_id__in=[each.id for each in found.accounts]
    )
    return list(bills.select_related("draft", "account").order_by("id"))


def _person(found: lookups.CustomerDetail, at: datetime, *, with_vulnerability: bool) -> dict[str, object]:
    person: dict[str, object] = {
        "format": FORMAT,
        "written_at": at,
        "code": found.code,
        "state": found.state,
        "record": found.facts.plain(),
        "contacts": [asdict(each) for each in found.contacts],
        "consents": [asdict(each) for each in found.consents],
        "deposits": [asdict(each) for each in found.deposits],
        "accounts": [_account(each) for each in found.accounts],
        "history": [
            {"at": each.at, "who": each.actor_label, "what": each.action, "before": each.before, "after": each.after}
            for each in audit_queries.list_entries(subject_id=found.public_id, limit=MOST_ENTRIES)
        ],
    }
    if with_vulnerability:
        noted = protection.vulnerability_of(customer_id=found.id)
        person["vulnerability"] = None if noted is None else asdict(noted)
    return person


def _account(account: lookups.AccountOf) -> dict[str, object]:
    statement = ledger_queries.statement(account.receivable_id)
    return {
        "number": account.number,
        "site": account.site_name,
        "currency": account.currency,
        "moved_out_at": account.moved_out_at,
        "contracts": [
            {"meter_point": each.meter_point_code, "tariff": each.tariff_code, "start": each.start, "end": each.end}
            for each in customer_queries.list_contracts(account_id=account.id)
        ],
        "statement": [
            {"date": each.posted_date, "text": each.text, "amount": each.amount.amount, "balance": each.balance.amount}
            for each in statement.rows
        ],
    }


def _plain(value: object) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    return str(value)


def _safe(name: str) -> str:
    return "".join(each if each.isascii() and (each.isalnum() or each in "-_.") else "_" for each in name)
