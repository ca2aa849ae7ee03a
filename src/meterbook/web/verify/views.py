"""Whether a document is authentic: what was issued with its code. A file is compared in the browser, and never sent."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from meterbook.documents import codes, publishing
from meterbook.documents.values import DocumentKind, Mark, caption_of
from meterbook.web import access, guesses, typed
from meterbook.web.billing import words

ACTION = "check_document"
OF_A_RUN = (DocumentKind.BILL, DocumentKind.CHARGE_BACK)  # those with a page
REASON = "Whoever holds a document checks it here; what the page tells stands on the document, and nothing personal."
NOT_FOUND = 404
LONGEST = 80


@dataclass(frozen=True)
class Shown:
    """What the page tells of a document."""

    code: str  # of a bill, whose page shows every line
    kind: str
    number: str
    issuer: str
    document_date: date
    amount: str
    currency: str
    digest: str
    file_digest: str
    is_taken_back: bool
    is_replaced: bool
    is_internal: bool
    other: str


class CodeForm(typed.Form):
    """The code of a document."""

    code = forms.CharField(
        label=gettext_lazy("Code on the document"),
        max_length=LONGEST,
        help_text=gettext_lazy("26 letters and digits in groups of five, beside the QR code on the first page."),
    )

    def clean_code(self) -> str:
        """This will return the code as it stands in addresses."""
        known = codes.read(self.cleaned_data["code"])
        if known is None:
            raise forms.ValidationError(_("A code has 26 letters and digits. Compare it with the document."))
        return codes.written(known)


@require_GET
@access.public(reason=REASON)
def enter(request: HttpRequest) -> HttpResponse:
    """This will let somebody type a code, and lead to its page."""
    if not request.GET.get("code"):
        return _page(request, form=CodeForm())
    form = CodeForm(request.GET)
    return redirect("verify", form.cleaned_data["code"]) if form.is_valid() else _page(request, form=form)


@require_GET
@access.public(reason=REASON)
def verify(request: HttpRequest, code: str) -> HttpResponse:
    """This will tell what was issued with a code. Codes that are unknown and such that were withdrawn answer alike."""
    form = CodeForm({"code": code[:LONGEST]})
    # Whoever is signed in follows links; guessing is what strangers do.
    if not request.user.is_authenticated and guesses.count(request, ACTION, is_read=True) is None:
        guesses.refuse(request, **{ACTION: ""})
        form.add_error("code", _("Too many codes were asked for from here. Wait some minutes."))
        return _page(request, form=form)
    known = codes.read(code)
    found = None if known is None else publishing.find_public(code=known)
    if found is None or known is None:
        return _page(request, form=form, is_unknown=True, status=NOT_FOUND)
    return _page(request, shown=_shown(found, known))


@require_GET
@access.signed_in(reason="It only leads on: the page of the document asks who wants to see it.")
def open_document(request: access.Request, code: str) -> HttpResponse:
    """This will lead who signs in from a code to the document, whose lines lead to every reading (M-088)."""
    known = codes.read(code)
    found = None if known is None else publishing.find_public(code=known)
    if found is None or found.kind not in OF_A_RUN:
        return redirect("verify", code)
    return redirect("bill", found.organization, found.source_id)


def _shown(found: publishing.PublicDocument, code: uuid.UUID) -> Shown:
    return Shown(
        code=codes.written(code) if found.kind in OF_A_RUN else "",
        kind=caption_of(found.kind, found.number),
        number=found.number,
        issuer=found.issuer,
        document_date=found.document_date,
        amount=words.amount(str(found.total), found.currency),
        currency=found.currency,
        digest=found.digest,
        file_digest=found.file_digest or "",
        is_taken_back=found.is_taken_back,
        is_replaced=Mark.REPLACED in found.marks,
        is_internal=found.kind is DocumentKind.CHARGE_BACK,
        other=found.other,
    )


def _page(
    request: HttpRequest,
    *,
    shown: Shown | None = None,
    form: CodeForm | None = None,
    is_unknown: bool = False,
    status: int = 200,
) -> HttpResponse:
    context = {
        "shown": shown,
        "form": form,
        "is_unknown": is_unknown,
        "compared": {"digest": shown.file_digest if shown else "", **_said()},
    }
    response = render(request, "verify/page.html", context, status=status)
    # Codes are known to those who hold the document; no search engine and no other page is told.
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


def _said() -> dict[str, str]:
    """What the script says when a file was compared."""
    return {
        "reading": _("The file is being read…"),
        "authentic": _("Authentic: the file is the one that was issued, to the last byte."),
        "other": _(
            "Not authentic: this is not the file that was issued. One that was saved or printed anew differs too."
        ),
        "unreadable": _("The file cannot be read. Choose it again."),
        "own": _("SHA-256 of your file"),
    }
