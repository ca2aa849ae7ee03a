"""What belongs to which site: public ids of the site, its places, meters, accounts and bills."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from django.db.models import QuerySet

from meterbook.acquisition import models as acquisition_models
from meterbook.billing import models as billing_models
from meterbook.customers import models as customer_models
from meterbook.foundation import scoping
from meterbook.metering import models as metering_models
from meterbook.sites import models as site_models


def subjects_of_site(*, site_id: int) -> QuerySet[Any, tuple[uuid.UUID]]:
    """This will return, as a query, the public ids of all that belongs to the site; it runs inside the list's query."""
    owner = scoping.current().organization_id
    parts: list[QuerySet[Any, tuple[uuid.UUID]]] = [
        site_models.SiteNode.objects.filter(organization_id=owner, site_id=site_id).values_list("public_id"),
        metering_models.MeterPoint.objects.filter(organization_id=owner, site_id=site_id).values_list("public_id"),
        metering_models.Meter.objects.filter(
            organization_id=owner, installation__meter_point__site_id=site_id
        ).values_list("public_id"),
        metering_models.Series.objects.filter(organization_id=owner, meter_point__site_id=site_id).values_list(
            "public_id"
        ),
        acquisition_models.Bus.objects.filter(organization_id=owner, site_id=site_id).values_list("public_id"),
        acquisition_models.Device.objects.filter(organization_id=owner, bus__site_id=site_id).values_list("public_id"),
        customer_models.Account.objects.filter(organization_id=owner, site_id=site_id).values_list("public_id"),
        customer_models.Contract.objects.filter(organization_id=owner, account__site_id=site_id).values_list(
            "public_id"
        ),
        billing_models.BillRun.objects.filter(organization_id=owner, site_id=site_id).values_list("public_id"),
        billing_models.PrintFile.objects.filter(organization_id=owner, run__site_id=site_id).values_list("public_id"),
    ]
    sites = site_models.Site.objects.filter(organization_id=owner, id=site_id).values_list("public_id")
    return sites.union(*parts, all=True)


def sites_of(*, public_ids: Collection[uuid.UUID]) -> frozenset[int]:
    """This will return the ids of the sites that these objects belong to; what belongs to no site adds none."""
    owner = scoping.current().organization_id
    wanted = list(public_ids)
    parts: list[QuerySet[Any, tuple[int]]] = [
        site_models.SiteNode.objects.filter(organization_id=owner, public_id__in=wanted).values_list("site_id"),
        metering_models.MeterPoint.objects.filter(organization_id=owner, public_id__in=wanted).values_list("site_id"),
        acquisition_models.Bus.objects.filter(organization_id=owner, public_id__in=wanted).values_list("site_id"),
        acquisition_models.DeviceRequest.objects.filter(organization_id=owner, public_id__in=wanted).values_list(
            "device__bus__site_id"
        ),
        customer_models.Account.objects.filter(organization_id=owner, public_id__in=wanted).values_list("site_id"),
        customer_models.Contract.objects.filter(organization_id=owner, public_id__in=wanted).values_list(
            "account__site_id"
        ),
        billing_models.BillRun.objects.filter(organization_id=owner, public_id__in=wanted).values_list("site_id"),
        # An issued bill has the public id of its draft.
        billing_models.BillDraft.objects.filter(organization_id=owner, public_id__in=wanted).values_list(
            "run__site_id"
        ),
        billing_models.PrintFile.objects.filter(organization_id=owner, public_id__in=wanted).values_list(
            "run__site_id"
        ),
    ]
    sites = site_models.Site.objects.filter(organization_id=owner, public_id__in=wanted).values_list("id")
    return frozenset(row[0] for row in sites.union(*parts))
