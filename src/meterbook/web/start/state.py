"""How far an organization is set up: read from what exists, never from a note of its own. Needs a running scope."""

from __future__ import annotations

import enum
import uuid
from dataclasses import dataclass
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from meterbook.billing import permissions as billing_permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing import values as billing_values
from meterbook.customers import permissions as customer_permissions
from meterbook.customers import queries as customer_queries
from meterbook.identity import permissions as identity_permissions
from meterbook.identity import queries as identity_queries
from meterbook.identity import values as identity_values
from meterbook.identity.values import Module
from meterbook.metering import permissions as metering_permissions
from meterbook.sites import permissions as site_permissions
from meterbook.sites import queries as site_queries
from meterbook.tariffs import permissions as tariff_permissions
from meterbook.tariffs import queries as tariff_queries
from meterbook.web import access
from meterbook.web.billing import words as bill_words
from meterbook.web.sites import choice

MOST_RUNS = 20  # canceled ones do not count, and nobody cancels more at a first start


class Step(enum.StrEnum):
    """The steps in their order; the value stands in the address."""

    ORGANIZATION = "organization"
    SITE = "site"
    METER = "meter"
    PRICE = "price"
    CUSTOMER = "customer"
    BILL = "bill"


@dataclass(frozen=True)
class _Declared:
    title: str | Promise
    permission: str
    module: Module
    minutes: int


DECLARED = {
    Step.ORGANIZATION: _Declared(_("Your organization"), identity_permissions.EDIT_ORGANIZATION, Module.CORE, 1),
    Step.SITE: _Declared(_("Site"), site_permissions.EDIT_SITES, Module.CORE, 1),
    Step.METER: _Declared(_("First meter"), metering_permissions.MANAGE_METER, Module.METERING, 4),
    Step.PRICE: _Declared(_("Price"), tariff_permissions.DRAFT_TARIFF, Module.BILLING, 2),
    Step.CUSTOMER: _Declared(_("First customer"), customer_permissions.MANAGE_CUSTOMER, Module.BILLING, 2),
    Step.BILL: _Declared(_("First draft bill"), billing_permissions.MANAGE_RUN, Module.BILLING, 1),
}
# What must be there before a step can be done.
NEEDS = {
    Step.METER: (Step.SITE,),
    Step.PRICE: (Step.SITE,),
    Step.CUSTOMER: (Step.SITE, Step.METER, Step.PRICE),
    Step.BILL: (Step.CUSTOMER,),
}


@dataclass(frozen=True)
class StepRow:
    """A step in the list beside the page. `done_words` say what exists; `is_current` marks the page's own."""

    step: Step
    number: int
    title: str
    done_words: str
    href: str
    is_done: bool
    is_mine: bool
    is_current: bool


@dataclass(frozen=True)
class Known:
    """What exists: the first site, a meter point of it, a tariff in its currency, a run."""

    site: site_queries.SiteRow | None
    point: customer_queries.PointRow | None
    tariff: tariff_queries.TariffRow | None
    payer: str
    run: billing_queries.RunRow | None
    is_named: bool


@dataclass(frozen=True)
class Progress:
    """The wizard as it stands. `missing` are steps that must come before the current one."""

    known: Known
    steps: tuple[StepRow, ...]
    current: StepRow
    missing: tuple[StepRow, ...]
    minutes_left: int
    ask: str

    @property
    def following(self) -> StepRow | None:
        """The step after the current one; None behind the final one."""
        return next((each for each in self.steps if each.number == self.current.number + 1), None)

    @property
    def before(self) -> StepRow | None:
        """The step before the current one; None at the first."""
        return next((each for each in self.steps if each.number == self.current.number - 1), None)


def known(request: access.Request) -> Known:
    """This will look at what exists in the organization, at its first site."""
    site = min(choice.all_sites(request), key=lambda each: each.id, default=None)
    if site is None:
        return Known(None, None, None, "", None, is_named=request.organization.name not in _unnamed())
    points = sorted(customer_queries.list_points(site_id=site.id, at=request.at), key=lambda each: not each.payer)
    tariffs = [each for each in tariff_queries.list_tariffs(on=request.at.date()) if each.currency == site.currency]
    runs = [
        each
        for each in billing_queries.list_runs(site_id=site.id, limit=MOST_RUNS)
        if each.state != billing_values.RunState.CANCELED
    ]
    return Known(
        site=site,
        point=points[0] if points else None,
        tariff=next((each for each in tariffs if each.current), tariffs[0] if tariffs else None),
        payer=points[0].payer if points else "",
        run=runs[0] if runs else None,
        is_named=True,
    )


def progress(request: access.Request, current: Step) -> Progress:
    """This will return the steps that the organization's modules have, as they stand."""
    found = known(request)
    done = _done(found)
    offered = [step for step in Step if request.organization.has_module(DECLARED[step].module)]

    def is_mine(step: Step) -> bool:
        return request.access.allows(DECLARED[step].permission)

    rows = tuple(
        StepRow(
            step=step,
            number=number,
            title=str(DECLARED[step].title),
            done_words=_words(request, found, step) if step in done and is_mine(step) else "",
            href=href(request.organization.public_id, step, is_mine=is_mine(step)),
            is_done=step in done,
            is_mine=is_mine(step),
            is_current=step is current,
        )
        for number, step in enumerate(offered, start=1)
    )
    by_step = {each.step: each for each in rows}
    own = by_step.get(current, rows[0])
    return Progress(
        known=found,
        steps=rows,
        current=own,
        missing=tuple(by_step[each] for each in NEEDS.get(current, ()) if each in by_step and each not in done),
        minutes_left=sum(DECLARED[each.step].minutes for each in rows if not each.is_done),
        ask=", ".join(_administrators(request)) if not own.is_mine else "",
    )


def resume(request: access.Request) -> StepRow | None:
    """This will return the first step that is not done; None when all are."""
    return next((each for each in progress(request, Step.ORGANIZATION).steps if not each.is_done), None)


def href(organization: uuid.UUID, step: Step, *, is_mine: bool = True) -> str:
    """This will return the address of a step; that of the page which tells whom to ask, for one of somebody else."""
    if not is_mine:
        return f"{reverse('first_ask', args=[organization])}?{urlencode({'step': step.value})}"
    return reverse(f"first_{step}", args=[organization])


def begins(organization: identity_queries.OrganizationRow, own: identity_values.Access) -> bool:
    """This will tell whether to lead a person who has signed in here: nothing is set up, and the person may do it."""
    may = {site_permissions.EDIT_SITES, identity_permissions.EDIT_ORGANIZATION} <= own.everywhere
    return may and organization.has_module(Module.METERING) and not site_queries.list_sites()


def _done(found: Known) -> frozenset[Step]:
    stands = {
        Step.ORGANIZATION: found.is_named,
        Step.SITE: found.site is not None,
        Step.METER: found.point is not None,
        Step.PRICE: found.tariff is not None,
        Step.CUSTOMER: bool(found.payer),
        Step.BILL: found.run is not None,
    }
    return frozenset(step for step, is_done in stands.items() if is_done)


def _words(request: access.Request, found: Known, step: Step) -> str:
    site, point, tariff = found.site, found.point, found.tariff
    words = {Step.ORGANIZATION: request.organization.name, Step.CUSTOMER: found.payer}
    if site is not None:
        words[Step.SITE] = f"{site.name} · {site.zone.key} · {site.currency}"
    if point is not None:
        words[Step.METER] = f"{point.code} {point.name}"
    if tariff is not None:
        name = bill_words.said(tariff.names)
        words[Step.PRICE] = name if tariff.current else f"{name} · {gettext('draft')}"
    if found.run is not None:
        words[Step.BILL] = gettext("made")
    return words.get(step, "")


def _unnamed() -> frozenset[str]:
    return words_of("My organization")


def words_of(text: str) -> frozenset[str]:
    """This will return what the first start calls something, in whatever language that was."""
    found = set()
    for language, _caption in settings.LANGUAGES:
        with translation.override(language):
            found.add(gettext(text))
    return frozenset(found)


def _administrators(request: access.Request) -> list[str]:
    grants = identity_queries.list_grants(in_force_at=request.at)
    names = {each.user.name for each in grants if each.role_code == identity_values.RoleCode.ORGANIZATION_ADMIN}
    return sorted(names)
