"""What an organization has of customers, accounts and contracts already, in the words of the workbook's columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max, Min
from django.db.models.functions import Lower, Upper

from meterbook.billing import models as billing_models
from meterbook.customers import models as customer_models
from meterbook.customers import overrides
from meterbook.customers import values as customer_values
from meterbook.foundation import scoping
from meterbook.journeys.accounts.sheets import Holder
from meterbook.journeys.building.present import Values
from meterbook.kernel import civil
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models
from meterbook.tariffs import queries as tariff_queries


@dataclass(frozen=True)
class Present:
    """What is there by code, number, or meter point and first day; closed customers and accounts as well.

    `hung` says since when the first meter of a meter point hangs there, by its key;
    `taken` says until when a bill run has taken the time of a meter point, `billed` that of a contract, by their keys;
    `waiting` which tariff waits for approval from the beginning of a contract on, by meter point and first day.
    """

    organization_id: int
    customers: Mapping[str, customer_models.Customer]
    accounts: Mapping[str, customer_models.Account]
    contracts: Mapping[str, customer_models.Contract]
    sites: Mapping[str, site_models.Site]
    points: Mapping[str, metering_models.MeterPoint]
    tariffs: Mapping[str, tariff_queries.TariffRow]
    values_of_customers: Mapping[str, Values]
    values_of_accounts: Mapping[str, Values]
    values_of_contracts: Mapping[str, Values]
    hung: Mapping[int, datetime]
    taken: Mapping[int, datetime]
    billed: Mapping[int, datetime]
    waiting: Mapping[str, str]


def load(at: datetime) -> Present:
    """This will return all of the scope's organization, in a fixed number of queries.

    :param at: tariffs are looked at as they are in force on that day
    """
    organization_id = scoping.current().organization_id
    customers = {
        each.code: each
        for each in customer_models.Customer.objects.filter(organization_id=organization_id).order_by("id")
    }
    rows = customer_models.Account.objects.filter(organization_id=organization_id).select_related(
        "customer", "site", "vacancy_tariff"
    )
    accounts = {each.number: each for each in rows.order_by("id")}
    agreed = customer_models.Contract.objects.filter(organization_id=organization_id).select_related(
        "account", "tariff", "meter_point__site", "meter_point__node"
    )
    contracts = {key_of(each): each for each in agreed.order_by("during", "id")}
    points = (
        metering_models.MeterPoint.objects.filter(organization_id=organization_id)
        .select_related("site", "node")
        .order_by("id")
    )
    sites = site_models.Site.objects.filter(organization_id=organization_id)
    shares = billing_models.RunShare.objects.filter(organization_id=organization_id)
    ends = Max(Upper("during"))
    return Present(
        organization_id=organization_id,
        customers=customers,
        accounts=accounts,
        contracts=contracts,
        sites={each.code: each for each in sites.order_by("id")},
        points={each.code: each for each in points},
        tariffs={each.code: each for each in tariff_queries.list_tariffs(on=at.date())},
        values_of_customers={
            code: _customer(each)
            for code, each in customers.items()
            if each.state == customer_values.CustomerState.ACTIVE
        },
        values_of_accounts={number: _account(each) for number, each in accounts.items()},
        values_of_contracts={key: _contract(each) for key, each in contracts.items()},
        hung=dict(
            metering_models.Installation.objects.filter(organization_id=organization_id)
            .order_by("meter_point_id")
            .values_list("meter_point_id")
            .annotate(first=Min(Lower("during")))
        ),
        taken=dict(shares.order_by("meter_point_id").values_list("meter_point_id").annotate(until=ends)),
        billed=dict(
            shares.filter(contract_id__isnull=False)
            .order_by("contract_id")
            .values_list("contract_id")
            .annotate(until=ends)
        ),
        waiting=_waiting(),
    )


def _waiting() -> dict[str, str]:
    """Codes of tariffs that were asked for and wait for approval, as `key_of` names contracts."""
    return {
        f"{each.point_code} {civil.local_date(each.starts_at, each.zone)}": each.tariff_code
        for each in overrides.list_overrides(state=customer_values.OverrideState.WAITING)
    }


def key_of(contract: customer_models.Contract) -> str:
    """This will return by what the row of a contract is found: meter point, and first day as it is at the meter."""
    return f"{contract.meter_point.code} {_first(contract)}"


def _first(contract: customer_models.Contract) -> date:
    return civil.local_date(contract.during.lower, contract.meter_point.zone)


def _customer(row: customer_models.Customer) -> Values:
    return {
        "code": row.code,
        "name": row.name,
        "kind": row.kind,
        "legal_name": row.legal_name or None,
        "tax_number": row.tax_number or None,
        "email": row.email or None,
        "phones": "\n".join(row.phones) or None,
        "address": row.address.replace("\r\n", "\n") or None,
        "language": row.language,
        "occupants": row.occupants,
    }


def _holder(row: customer_models.Account) -> Holder:
    if row.mode == customer_values.AccountMode.INTERNAL:
        return Holder.COST_CENTER
    return Holder.LANDLORD if row.is_landlord else Holder.TENANT


def _account(row: customer_models.Account) -> Values:
    return {
        "number": row.number,
        "customer": row.customer.code,
        "site": row.site.code,
        "holder": _holder(row).value,
        "vacancy_tariff": row.vacancy_tariff.code if row.vacancy_tariff else None,
    }


def _contract(row: customer_models.Contract) -> Values:
    end = row.during.upper
    return {
        "point": row.meter_point.code,
        "since": _first(row),
        "account": row.account.number,
        "tariff": row.tariff.code,
        "until": None if end is None else civil.local_date(end - datetime.resolution, row.meter_point.zone),
        "reason": None,
    }
