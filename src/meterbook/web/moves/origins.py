"""The tariff that is proposed for a meter point, and where it comes from in words."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from django.utils.translation import gettext as _

from meterbook.customers import lookups, tariff_defaults, values
from meterbook.customers import queries as customer_queries
from meterbook.customers.letting import PointOf
from meterbook.customers.tariff_defaults import DefaultLevel, DefaultRow
from meterbook.journeys.queries import JourneyRow
from meterbook.journeys.values import Step
from meterbook.kernel import civil
from meterbook.web.moves import asked


def proposed(row: JourneyRow, point: PointOf) -> DefaultRow | None:
    """This will return the default tariff for a meter point on the first day of a move-in; None: there is none."""
    return tariff_defaults.default_for(
        point_id=point.id,
        customer_kind=_kind(row.facts.get(Step.CUSTOMER, {})),
        day=civil.local_date(asked.moment(row), point.zone),
    )


def _kind(given: Mapping[str, object]) -> values.CustomerKind | None:
    """Of whoever was chosen, or is typed as somebody new; None: nobody yet."""
    customer = given.get("customer")
    if given.get("account"):
        account = customer_queries.get_account(public_id=uuid.UUID(str(given["account"])))
        customer = lookups.customer_of_account(account_id=account.id)
    if customer:
        return lookups.get_customer(public_id=uuid.UUID(str(customer))).facts.kind
    return values.CustomerKind(str(given["kind"])) if given.get("kind") else None


def origin(row: DefaultRow) -> str:
    """This will say where a default comes from: "from the default of site Harbor"."""
    texts = {
        DefaultLevel.BUILDING: _("from the default of building %(name)s") % {"name": row.building_name},
        DefaultLevel.SITE: _("from the default of site %(name)s") % {"name": row.site_name},
        DefaultLevel.ORGANIZATION: _("from the default for all sites"),
    }
    return texts[row.level]
