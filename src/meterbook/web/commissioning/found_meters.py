"""The page of one meter that was found: which it is, whether it says what its display shows, its transformers."""

from __future__ import annotations

import uuid

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from meterbook.acquisition import networks
from meterbook.acquisition import operations as acquisition_operations
from meterbook.acquisition import values as acquisition_values
from meterbook.kernel import clock
from meterbook.web import access
from meterbook.web.commissioning import forms, reach, shown

SURVEY, RESULTS = "commissioning/_survey.html", "commissioning/_results.html"


@require_http_methods(["GET", "POST"])
@reach.guarded
def meter(request: access.Request, found: uuid.UUID) -> HttpResponse:
    """This will show a meter that was found; a POST keeps what was chosen and typed, and shows what follows from it."""
    row = reach.find_meter(request, found)
    is_part = request.headers.get("HX-Request") == "true"
    refusal = ""
    if request.method == "POST":
        try:
            _keep(request, found, row)
        except acquisition_operations.ChoiceRefused as error:
            refusal = str(error)
        else:
            if not is_part:
                return redirect("found_meter", request.organization.public_id, found)
            if "use" in request.POST:  # another type, order or scale is chosen: all of the page follows
                response = HttpResponse()
                response.headers["HX-Refresh"] = "true"
                return response
        row = reach.find_meter(request, found)
    form = forms.of_notes(row.notes)
    form.is_valid()
    context = {"meter": shown.of(request, row, form), "form": form, "refusal": refusal, "is_part": is_part}
    if request.method == "POST" and is_part:
        return render(request, RESULTS, context)
    return render(request, "commissioning/meter.html", context, status=422 if refusal else 200)


@require_POST
@reach.guarded
def survey(request: access.Request, found: uuid.UUID) -> HttpResponse:
    """This will take the next step of reading the meter, and show how far it is; the page is shown anew at the end."""
    row = reach.find_meter(request, found)
    was_known, problem = row.is_surveyed and "again" not in request.POST, ""
    errand = acquisition_values.Errand.SUNSPEC if _is_discovery(request, row) else acquisition_values.Errand.BLOCKS
    try:
        acquisition_operations.survey_meter(
            actor=request.actor,
            at=request.at,
            real_at=clock.real_now(),
            found=found,
            allowed=reach.allowed(),
            again="again" in request.POST,
            errand=errand,
        )
    except (acquisition_operations.ProbeRefused, networks.NetworksMisspelled) as error:
        problem = str(error)
    row = reach.find_meter(request, found)
    form = forms.of_notes(row.notes)
    form.is_valid()
    response = render(request, SURVEY, {"meter": shown.of(request, row, form), "problem": problem})
    is_over = not row.is_waiting and not row.problem and not problem
    if is_over and (row.is_surveyed or was_known):
        response.headers["HX-Refresh"] = "true"
    return response


def _is_discovery(request: access.Request, row: shown.SurveyedMeter) -> bool:
    """Whether the SunSpec models are asked for now; a discovery that is on its way is only waited for."""
    return "sunspec" in request.POST and not row.is_waiting


def _keep(request: access.Request, found: uuid.UUID, row: shown.SurveyedMeter) -> None:
    """What the page sent. Another type is read in its own order of bytes, and as it says, until somebody says more."""
    form = forms.NotesForm(request.POST)
    form.is_valid()
    if "use" in request.POST:
        model_code, order, scale, *_more = (*request.POST["use"].split("|"), "", "")
    else:
        model_code, order, scale = _chosen(request, row)
    acquisition_operations.note_choice(
        actor=request.actor,
        at=request.at,
        found=found,
        model_code=model_code,
        byte_order=order,
        scale=scale or "1",
        notes=form.kept(),
    )


def _chosen(request: access.Request, row: shown.SurveyedMeter) -> tuple[str, str, str]:
    """What is chosen: the page sends what it proposes along, which is no choice of anybody's."""
    model_code, order, scale = (request.POST.get(each, "") for each in ("model_code", "byte_order", "scale"))
    proposed = row.model.code if row.model is not None else ""
    if model_code not in ("", proposed):
        return model_code, "", "1"
    order = "" if row.is_mbus or (not row.byte_order and order == row.order.value) else order
    return row.model_code, order, scale
