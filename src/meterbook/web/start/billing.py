"""The wizard's price, customer and draft bill."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from meterbook.billing import operations as billing_operations
from meterbook.billing import permissions as billing_permissions
from meterbook.billing import queries as billing_queries
from meterbook.billing import values as billing_values
from meterbook.customers import permissions as customer_permissions
from meterbook.customers import queries as customer_queries
from meterbook.identity.values import Module
from meterbook.journeys import add_meter, drafts, first_steps
from meterbook.kernel import civil
from meterbook.kernel.quantity import Unit
from meterbook.metering import queries as metering_queries
from meterbook.metering import values as metering_values
from meterbook.tariffs import permissions as tariff_permissions
from meterbook.web import access, once
from meterbook.web.readings import rounds
from meterbook.web.start import closing, forms, months, state, views
from meterbook.web.start.state import Known, Step
from meterbook.web.tariffs.editor import naming

REFUSALS = (billing_operations.PeriodNotOver, billing_operations.RunPresent, customer_queries.NoLandlord)
MOST_NUMBERS = 100
# Later ones are of an organization that bills already.
_DRAFTING = frozenset(
    {
        billing_values.RunState.PLANNED,
        billing_values.RunState.COLLECTING,
        billing_values.RunState.VALIDATING,
        billing_values.RunState.CALCULATED,
        billing_values.RunState.REVIEW,
    }
)


@dataclass(frozen=True)
class Outcome:
    """The draft as it stands: still being made, made, or held with what to do about it."""

    run: billing_queries.RunRow
    run_href: str
    is_at_work: bool
    bill: billing_queries.MemberRow | None
    bill_href: str
    reasons: tuple[billing_queries.Reason, ...]
    readings_href: str

    @property
    def is_empty(self) -> bool:
        """Whether the run came to its end and could bill nobody."""
        return not self.is_at_work and self.bill is None


@require_http_methods(["GET", "POST"])
@access.page(permission=tariff_permissions.DRAFT_TARIFF, module=Module.BILLING)
@once.carried_out_once
def price(request: access.Request) -> HttpResponse:
    """This will write a flat price with its tax, and put it in force where the person may."""
    progress = state.progress(request, Step.PRICE)
    site = progress.known.site
    if site is None or progress.known.tariff is not None:
        return views.page(request, progress, {})
    unit, since = _billed_unit(progress.known), _since(progress.known, request.at)
    initial: dict[str, object] = {
        "name": _("Standard"),
        "tax_name": naming.TAX["en"],
        "tax_name_es": naming.TAX["es"],
        "first_day": civil.local_date(since, site.zone).replace(day=1).isoformat(),
    } | views.kept(request, Step.PRICE)
    given = request.POST if request.method == "POST" else None
    form = forms.PriceForm(given, unit=unit.symbol, currency=site.currency, initial=initial)
    if views.is_leaving(request):
        return views.leave(request, progress, [form])
    may_publish = request.access.allows(tariff_permissions.PUBLISH_TARIFF)
    if form.is_bound and "correct" not in request.POST and form.is_valid():
        if may_publish and "sure" not in request.POST:
            # Once in force a price holds for its days: a slip is seen before, not on the first bill.
            context = {"form": form, "example": forms.Example.of(form.cleaned_data, unit.symbol, site.currency)}
            return views.page(request, progress, context)
        asked = ("name", "price", "monthly", "tax_name", "tax_name_es", "tax_percent")
        wanted = {key: form.cleaned_data[key] for key in asked}
        try:
            first_steps.set_first_price(
                actor=request.actor,
                at=request.at,
                price=first_steps.FirstPrice(code="STANDARD", currency=site.currency, unit=unit, **wanted),
                first_day=form.cleaned_data["first_day"],
                may_publish=may_publish,
            )
        except add_meter.MeterRefused as error:
            form.add_error(error.field, str(error))
        else:
            return views.go_on(request, progress)
    context = {"form": form, "may_publish": may_publish}
    return views.page(request, progress, context, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@access.page(permission=customer_permissions.MANAGE_CUSTOMER, module=Module.BILLING)
@once.carried_out_once
def customer(request: access.Request) -> HttpResponse:
    """This will open the first account, with its unit, and let it pay for the meter."""
    progress = state.progress(request, Step.CUSTOMER)
    known = progress.known
    if known.site is None or known.point is None or known.tariff is None or known.payer:
        return views.page(request, progress, {})
    zone = known.site.zone
    first = civil.local_date(_since(known, request.at), zone)
    accounts = customer_queries.list_accounts(narrowing=customer_queries.Narrowing(), limit=MOST_NUMBERS)
    initial: dict[str, object] = {
        "number": forms.free_number({each.number for each, _owed in accounts.rows}),
        "first_day": first.isoformat(),
    } | views.kept(request, Step.CUSTOMER)
    given = request.POST if request.method == "POST" else None
    form = forms.CustomerForm(given, first=first, today=civil.local_date(request.at, zone), initial=initial)
    if views.is_leaving(request):
        return views.leave(request, progress, [form])
    if form.is_bound and form.is_valid():
        typed = form.cleaned_data
        wanted = first_steps.FirstCustomer(
            site=known.site.public_id,
            number=typed["number"],
            name=typed["name"],
            email=typed["email"],
            language=known.site.language,
            unit=typed["unit"],
            meter_point=known.point.public_id,
            tariff=known.tariff.public_id,
            starts_at=max(civil.start_of_day(typed["first_day"], zone), _since(known, request.at)),
            reason=typed.get("reason", ""),
        )
        try:
            holds = first_steps.welcome_first_customer(actor=request.actor, at=request.at, customer=wanted)
        except add_meter.MeterRefused as error:
            form.add_error(error.field, str(error))
        else:
            if not holds:
                messages.info(request, _("It begins by the default tariff; the other one waits for a second person."))
            return views.go_on(request, progress)
    return views.page(request, progress, {"form": form}, status=422 if form.errors else 200)


@require_http_methods(["GET", "POST"])
@access.page(permission=billing_permissions.MANAGE_RUN, module=Module.BILLING)
@once.carried_out_once
def bill(request: access.Request) -> HttpResponse:
    """This will draft the first bill over days that are over; nothing is issued."""
    busy = closing.make_room(request) if request.method == "POST" else ""
    progress = state.progress(request, Step.BILL)
    known = progress.known
    if known.site is None or not known.payer:
        return views.page(request, progress, {})
    if known.run is not None and known.run.state in _DRAFTING:
        return _made(request, progress, known.run)
    if known.run is not None:
        return views.page(request, progress, {"is_past": True})
    days = months.billable(at=request.at, zone=known.site.zone, paid_since=_paid_since(known, request.at))
    offers = closing.offers(request, known, days)
    if views.is_leaving(request):
        return views.leave(request, progress, [closing.DaysForm(), *closing.forms_of(offers)])
    typed = views.kept(request, Step.BILL)
    closing.show_again(offers, typed)
    chosen_before = typed.get("days") or (days[0].code if days else "")
    context: dict[str, Any] = {"offers": offers, "chosen": request.POST.get("days", chosen_before)}
    if request.method == "GET":
        return views.page(request, progress, context)
    chosen = next((each for each in offers if each.days.code == request.POST.get("days")), None)
    if busy:
        context["problem"] = busy
    elif chosen is None:
        context["problem"] = _("Choose the days to bill.")
    elif problem := closing.save(request, chosen):
        context["problem"] = problem
    else:
        try:
            billing_operations.plan_run(
                actor=request.actor,
                at=request.at,
                site=known.site.public_id,
                first_day=chosen.days.first,
                until_day=chosen.days.until,
            )
        except REFUSALS as error:
            context |= {"problem": str(error), "other": getattr(error, "run", None)}
        else:
            drafts.forget_drafts(step=Step.BILL.value)
            return redirect("first_bill", request.organization.public_id)
    return views.page(request, progress, context, status=422)


def _made(request: access.Request, progress: state.Progress, run: billing_queries.RunRow) -> HttpResponse:
    """The draft, or why there is none; a run that bills nobody may be thrown away, which frees its days."""
    outcome = _outcome(request, run)
    if request.method == "POST" and "again" in request.POST and outcome.is_empty:
        reason = _("The first draft could not be made.")
        billing_operations.cancel_run(actor=request.actor, at=request.at, run=run.public_id, reason=reason)
        return redirect("first_bill", request.organization.public_id)
    return views.page(request, progress, {"outcome": outcome})


@require_GET
@access.page(permission=billing_permissions.MANAGE_RUN, module=Module.BILLING)
def state_of_bill(request: access.Request) -> HttpResponse:
    """This will show how far the draft is, for the page that waits."""
    progress = state.progress(request, Step.BILL)
    run = progress.known.run
    context: dict[str, Any] = {"progress": progress, "outcome": None if run is None else _outcome(request, run)}
    return render(request, "start/_outcome.html", context)


def _outcome(request: access.Request, run: billing_queries.RunRow) -> Outcome:
    members = billing_queries.run_bills(run_public_id=run.public_id, limit=1).rows
    member = members[0] if members else None
    organization = request.organization.public_id
    is_drafted = member is not None and member.bill_public_id is not None
    return Outcome(
        run=run,
        run_href=reverse("run", args=[organization, run.public_id]),
        is_at_work=run.state not in billing_values.WAITING_STATES,
        bill=member if is_drafted else None,
        bill_href=reverse("bill", args=[organization, member.bill_public_id]) if member and is_drafted else "",
        reasons=member.reasons if member is not None else (),
        readings_href=rounds.address(request, run.first_day.replace(day=1)),
    )


def _since(known: Known, at: datetime) -> datetime:
    """Since when the first meter hangs there."""
    current = metering_queries.get_meter(public_id=known.point.public_id).current if known.point is not None else None
    return at if current is None else current.starts_at


def _paid_since(known: Known, at: datetime) -> datetime:
    if known.point is None:
        return at
    contracts = customer_queries.list_point_contracts(meter_point_public_id=known.point.public_id)
    return min((each.start for each in contracts), default=at)


def _billed_unit(known: Known) -> Unit:
    """What the first meter counts; kWh where there is none yet."""
    if known.point is None:
        return Unit.KWH
    service = metering_queries.get_meter(public_id=known.point.public_id).service
    return metering_values.series_type(billing_values.BILLED_SERIES.get(service, "energy_import")).unit
