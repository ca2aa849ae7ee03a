"""What a virtual meter is, and from when on a formula counts; the formula itself is `rows`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from meterbook.metering import values as metering_values
from meterbook.sites import queries as site_queries
from meterbook.sites.values import NodeKind
from meterbook.web import parameters, typed

ROLES = (
    (metering_values.PointRole.OTHER.value, _("No: what it is computed from counts already")),
    (metering_values.PointRole.COMMON.value, _("Yes, as common area")),
    (metering_values.PointRole.TENANT.value, _("Yes, as what tenants use")),
)


@dataclass(frozen=True)
class Spot:
    """Where a virtual meter stands: a site, or a place of it larger than a unit."""

    site: site_queries.SiteRow
    node: site_queries.NodeRow | None

    @property
    def key(self) -> str:
        """How a form names it."""
        return f"{self.site.public_id}" if self.node is None else f"{self.site.public_id}:{self.node.public_id}"

    @property
    def caption(self) -> str:
        """How a person reads it."""
        return self.site.name if self.node is None else f"{self.site.name} · {self.node.name or self.node.code}"


def spots(sites: Sequence[site_queries.SiteRow]) -> list[Spot]:
    """This will return the sites with their places that are larger than a unit."""
    found = []
    for site in sites:
        found.append(Spot(site, None))
        nodes = site_queries.list_nodes(site_id=site.id)
        found += [Spot(site, node) for node in nodes if node.kind is not NodeKind.UNIT]
    return found


class StartForm(typed.Form):
    """From when on a formula counts, and why."""

    starts_on = parameters.DayField(
        label=_("Counts from"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("The first day of this formula at the meter. Days before keep the one they have."),
    )
    reason = forms.CharField(
        label=_("Why"),
        max_length=200,
        required=False,
        help_text=_("Such as: a meter was added. It stays on record."),
    )


class NewForm(StartForm):
    """A new virtual meter."""

    name = forms.CharField(label=_("Name"), max_length=200)
    code = typed.CodeField(label=_("Code"), max_length=40, help_text=_("Short and unique, as on other meters."))
    spot = forms.ChoiceField(label=_("Where"))
    purpose = forms.ChoiceField(
        label=_("What it gathers"), choices=list(metering_values.VIRTUAL_PURPOSE_CAPTIONS.items())
    )
    service = forms.ChoiceField(label=_("Service"), choices=list(metering_values.SERVICE_CAPTIONS.items()))
    role = forms.ChoiceField(
        label=_("Does it count in the sums of the site?"),
        choices=ROLES,
        help_text=_("Only a part that no other meter of its kind counts must count here."),
    )

    field_order = ("name", "code", "spot", "purpose", "service", "role", "starts_on", "reason")

    def __init__(self, data: Any, *, spots: Sequence[Spot], initial: dict[str, Any] | None = None) -> None:  # noqa: ANN401
        super().__init__(data, initial=initial)
        self.spots = {each.key: each for each in spots}
        self.fields["spot"].choices = [(key, each.caption) for key, each in self.spots.items()]  # type: ignore[attr-defined]

    @property
    def service_chosen(self) -> metering_values.Service:
        """The service that was chosen, also while other fields are wrong."""
        given = str(self["service"].value() or "")
        known = set(metering_values.Service)
        return metering_values.Service(given) if given in known else metering_values.Service.ELECTRICITY

    @property
    def spot_chosen(self) -> Spot | None:
        """Where it stands, also while other fields are wrong."""
        return self.spots.get(str(self["spot"].value() or ""), next(iter(self.spots.values()), None))
