"""Write a tariff in a form or as text, checked when saved.

Both tabs hold one document: the text travels with the form, and the form writes into it what was changed.
"""

from __future__ import annotations

import copy
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from meterbook.identity.values import Module
from meterbook.rules import queries as rule_queries
from meterbook.tariffs import banks as tariff_banks
from meterbook.tariffs import operations as tariff_operations
from meterbook.tariffs import permissions, sources
from meterbook.tariffs import queries as tariff_queries
from meterbook.tariffs.rating import reading
from meterbook.tariffs.rating.problems import Problem, TariffInvalid, of_words
from meterbook.web import access, once
from meterbook.web.sites import choice
from meterbook.web.tariffs import proposed_tax, views
from meterbook.web.tariffs.editor import fields, forming, loose, starts, structure

MOST_NAME = 180  # of 200 signs, beside the service
_UPDATED = re.compile(r"update:(f-[A-Za-z0-9_-]{1,80})")  # a choice that changes which fields there are


@dataclass(frozen=True)
class Task:
    """What is written: its first document, how it is kept, and what a sound document is checked for besides."""

    title: str
    back: str
    start: dict[str, Any]
    keep: Callable[[dict[str, Any]], HttpResponse]
    is_new: bool
    note: str = ""
    check: Callable[[dict[str, Any]], None] = lambda _document: None
    tax_note: str = ""  # where the first document's tax comes from


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.DRAFT_TARIFF, module=Module.BILLING)
@once.carried_out_once
def new(request: access.Request) -> HttpResponse:
    """This will show a document to start from, and make a tariff of what is sent back.

    `?from=<id>` starts from a copy of another tariff, `?start=steps` from one of the examples.
    """
    copied = _copied(request)
    return edit(request, task_of_new(request, *((copied, "") if copied else _named_start(request))))


def task_of_new(request: access.Request, start: dict[str, Any], tax_note: str = "") -> Task:
    """This will return the task of writing a tariff that is not there yet, from a first document on."""

    def keep(document: dict[str, Any]) -> HttpResponse:
        try:
            made = tariff_operations.create_tariff(actor=request.actor, at=request.at, document=document)
        except tariff_operations.TariffCodeTaken as error:
            raise TariffInvalid([of_words("code", str(error))]) from error
        _warn(request, document)
        return redirect("tariff", request.organization.public_id, made.public_id)

    back = reverse("tariffs", args=[request.organization.public_id])
    return Task(_("New tariff"), back, start, keep, is_new=True, tax_note=tax_note)


@require_http_methods(["GET", "POST"])
@access.page(permission=permissions.DRAFT_TARIFF, module=Module.BILLING)
def draft(request: access.Request, tariff: uuid.UUID) -> HttpResponse:
    """This will show the draft, or the version in force to start from, and save what is sent back.

    `?from=3` starts from that version instead.
    """
    row = views.find(tariff, on=request.at.date())
    back = reverse("tariff", args=[request.organization.public_id, row.public_id])

    def keep(document: dict[str, Any]) -> HttpResponse:
        saved = tariff_operations.save_draft(
            actor=request.actor, at=request.at, tariff=row.public_id, document=document
        )
        _warn(request, document)
        messages.success(request, _("Draft %(number)s was saved.") % {"number": saved.number})
        return redirect(f"{back}?version={saved.number}")

    def check(document: dict[str, Any]) -> None:
        tariff_banks.require(tariff=row.public_id, sound=reading.read(document, sources.calendars()))

    title = _("Draft of %(name)s") % {"name": views.said(row.names, (translation.get_language() or "en")[:2])}
    start, note = _start(request, row)
    return edit(request, Task(title, back, start, keep, is_new=False, note=note, check=check))


@require_POST
@access.page(permission=permissions.DRAFT_TARIFF, module=Module.BILLING)
def preview(request: access.Request) -> HttpResponse:
    """This will show what the form that is being written would charge, without keeping anything."""
    try:
        filled = forming.filled(request.POST)
    except loose.Unreadable:
        return HttpResponse(status=422)
    context = forming.preview(filled.raw, request.POST, today=request.at.date())
    return render(request, "tariffs/_preview.html", context)


def _copied(request: access.Request) -> dict[str, Any] | None:
    """A copy of another tariff, where one is asked for and there is such."""
    try:
        other = uuid.UUID(request.GET.get("from", ""))
        row = tariff_queries.get_tariff(public_id=other, on=request.at.date())
    except (ValueError, tariff_queries.TariffNotFound):
        return None
    version = row.current or row.draft or tariff_queries.list_versions(tariff_id=row.id)[0]
    taken = {each.code for each in tariff_queries.list_tariffs(on=request.at.date())}
    return structure.cloned(version.raw, taken)


def _named_start(request: access.Request) -> tuple[dict[str, Any], str]:
    """An example by the way that was chosen, called by its service and the site that the tariff is for, and its tax's
    origin in words.
    """
    site, known = choice.usual_site(request), tariff_queries.list_tariffs(on=request.at.date())
    made = starts.named(
        request.GET.get("start", ""),
        place=site.name[:MOST_NAME] if site else "",
        place_code=site.code if site else "",
        currency=site.currency if site else "EUR",
        taken={each.code for each in known},
    )
    zones = {str(each.zone) for each in ([site] if site else choice.visible_sites(request))}
    made["taxes"], note = proposed_tax.propose(unit=made["unit"], zones=zones, known=known)
    return made, note


def _start(request: access.Request, row: tariff_queries.TariffRow) -> tuple[dict[str, Any], str]:
    """The document to start from, and what saving it replaces."""
    versions = tariff_queries.list_versions(tariff_id=row.id)
    asked = next((each for each in versions if str(each.number) == request.GET.get("from", "")), None)
    found = asked or row.draft or row.current or versions[0]
    if asked is None or row.draft is None or asked.id == row.draft.id:
        return found.raw, ""
    words = _("This starts from version %(number)s. Saving it replaces draft %(draft)s.")
    return found.raw, words % {"number": asked.number, "draft": row.draft.number}


def edit(request: access.Request, task: Task) -> HttpResponse:
    """This will show the task in a form or as text, or carry out what was asked of it: the one view of both tabs."""
    if request.method == "GET":
        return _begin(request, task)
    wanted = request.POST.get("do", "save")
    if "document" in request.POST:
        text = request.POST["document"].replace("\r\n", "\n")
        return _save_text(request, task, text) if wanted == "save" else show(request, task, text)
    try:
        filled = forming.filled(request.POST)
    except loose.Unreadable:
        return _save_text(request, task, request.POST.get("base", ""))
    if wanted == "text":
        return _text(request, task, filled.text)
    if wanted in {"save", "check"}:
        return _checked(request, task, filled, is_saved=wanted == "save")
    updated = _UPDATED.fullmatch(wanted)
    if updated is not None:
        return _form(request, task, filled, place=updated[1])
    acted = structure.act(filled.raw, wanted)
    if not acted:
        return _form(request, task, filled)
    return _form(request, task, forming.of(filled.raw), place=fields.identifier(acted))


def _begin(request: access.Request, task: Task) -> HttpResponse:
    text = loose.written(task.start)
    return _text(request, task, text) if request.GET.get("as") == "text" else show(request, task, text)


def show(request: access.Request, task: Task, text: str) -> HttpResponse:
    """This will show a document in the form, unless it is none that the form could show: then as text."""
    try:
        raw = forming.fitting(text)
    except loose.Unreadable:
        problems = _problems(text) or (of_words("", _("This document is too long for the form; edit it as text.")),)
        return _text(request, task, text, problems)
    return _form(request, task, forming.Filled(text, raw))


def _checked(request: access.Request, task: Task, filled: forming.Filled, *, is_saved: bool) -> HttpResponse:
    problems = _problems(filled.text)
    if not problems:
        try:
            if is_saved:
                return task.keep(json.loads(filled.text))
            task.check(json.loads(filled.text))
        except TariffInvalid as error:
            problems = error.problems
    return _form(request, task, filled, problems=problems, is_checked=True)


def _save_text(request: access.Request, task: Task, text: str) -> HttpResponse:
    problems = _problems(text)
    if not problems:
        try:
            return task.keep(json.loads(text))
        except TariffInvalid as error:
            problems = error.problems
    return _text(request, task, text, problems)


def _problems(text: str) -> tuple[Problem, ...]:
    try:
        reading.read_text(text, sources.calendars())
    except TariffInvalid as error:
        return error.problems
    return ()


def _warn(request: access.Request, document: dict[str, Any]) -> None:
    """What may be meant is saved, and said."""
    for each in views.cautions_of(
        reading.read(document, sources.calendars()), (translation.get_language() or "en")[:2]
    ):
        messages.warning(request, each)


def _text(request: access.Request, task: Task, text: str, problems: tuple[Problem, ...] = ()) -> HttpResponse:
    told = [(each.place, _(each.template) % each.data) for each in problems]
    context = {"text": text, "problems": told, "task": task}
    return render(request, "tariffs/edit.html", context, status=422 if problems else 200)


def _form(
    request: access.Request,
    task: Task,
    filled: forming.Filled,
    *,
    problems: tuple[Problem, ...] = (),
    is_checked: bool = False,
    place: str = "",
) -> HttpResponse:
    context = {
        "task": task,
        "is_checked": is_checked,
        "place": place,
        "starts": starts.captions() if task.is_new and request.method == "GET" else {},
        "tax_note": task.tax_note if request.method == "GET" else "",
        "preview_href": reverse("tariff_preview", args=[request.organization.public_id]),
        **forming.page(
            copy.deepcopy(filled.raw),
            filled.text,
            request.POST,
            problems,
            is_new=task.is_new,
            calendars=[(each.code, each.name) for each in rule_queries.list_calendars()],
            series=[(each.code, each.name or each.code) for each in sources.list_series()],
        ),
        **forming.preview(filled.raw, request.POST, today=request.at.date()),
    }
    return render(request, "tariffs/form.html", context, status=422 if problems else 200)
