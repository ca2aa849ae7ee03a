"""The last look before a version of a meter type is published: what differs, whom it is about, what forbids it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from meterbook.acquisition import meter_types, operations, permissions, type_texts
from meterbook.acquisition.library import checks, documents, writing
from meterbook.identity.values import Module
from meterbook.web import access, once, typed
from meterbook.web.library import words

MOST_SHOWN = 200  # of the meters that are listed; more are counted


class ReviewForm(typed.Form):
    """A document as the pages hand it on, the version that it was made from, and why."""

    document = forms.CharField(max_length=operations.LONGEST_DOCUMENT, widget=forms.Textarea, strip=False)
    base = forms.IntegerField(min_value=0, max_value=10**6)
    note = forms.CharField(
        label=gettext_lazy("What is new, and why"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("It stands beside the version, and in the audit trail."),
    )


@dataclass(frozen=True)
class Review:
    """A version that is not published yet. `base` is the version it was made from, 0 for a new type."""

    text: str
    base: int
    model: documents.MeterModel
    changes: list[words.ChangeRow]
    affected: list[meter_types.AffectedRow]
    conflicts: list[str]
    is_changed: bool

    @property
    def shown(self) -> list[meter_types.AffectedRow]:
        """The meters that are listed."""
        return self.affected[:MOST_SHOWN]

    @property
    def unlisted(self) -> int:
        """How many more there are."""
        return max(0, len(self.affected) - MOST_SHOWN)


@require_POST
@access.page(permission=permissions.EDIT_TYPE, module=Module.METERING)
@once.carried_out_once
def publish(request: access.Request) -> HttpResponse:
    """This will publish a document that was looked at; what stands against it is shown again."""
    form = ReviewForm(request.POST)
    if not form.is_valid() and {"document", "base"} & set(form.errors):
        messages.error(request, _("The page was incomplete; open the type and change it again."))
        return redirect("library", request.organization.public_id)
    text = form.data["document"]
    try:
        operations.examine(text, "meter-type.yaml")
        if form.is_valid():
            made = operations.publish_type(
                actor=request.actor,
                at=request.at,
                text=text,
                base=form.cleaned_data["base"],
                note=form.cleaned_data["note"],
            )
            told = _("Version %(version)s of “%(name)s” is in use.")
            messages.success(request, told % {"version": made.version, "name": documents.read(made.document).name})
            return redirect("library_model", request.organization.public_id, made.code)
    except (checks.DocumentInvalid, operations.TypeRefused) as error:
        messages.error(request, str(error))
        return redirect("library", request.organization.public_id)
    except operations.TypeChanged as error:
        form.add_error(None, str(error))
    except operations.TypeInUse:
        pass  # the review says so, register by register
    return page(request, text, form.cleaned_data["base"], form=form)


def page(request: access.Request, text: str, base: int, *, form: ReviewForm | None = None) -> HttpResponse:
    """This will show what a sound document would change.

    :param form: of a version that could not be published
    """
    review = of(text, base)
    form = form or ReviewForm(initial={"document": review.text, "base": base})
    context: dict[str, Any] = {"review": review, "form": form, "note": form["note"]}
    refused = review.conflicts or (form.is_bound and form.errors)
    return render(request, "library/review.html", context, status=422 if refused else 200)


def of(text: str, base: int) -> Review:
    """This will compare a sound document with the newest version of its type."""
    content = checks.parse(text, "meter-type.yaml").content
    written = writing.write(content)
    model = documents.read(written)
    newest = meter_types.newest_version(model.code)
    before = meter_types.get_version(model.code).document if newest else ""
    return Review(
        text=written,
        base=base,
        model=model,
        changes=words.changes(meter_types.parsed(before), content) if before else [],
        affected=meter_types.list_affected(model.code),
        conflicts=[type_texts.conflict(each) for each in operations.conflicts_of(model)],
        is_changed=before != written,
    )
