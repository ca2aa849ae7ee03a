"""What messages say, in each language, from one file."""

from __future__ import annotations

import pytest

from meterbook.notifications import rendering, values
from meterbook.notifications.values import Kind

FACTS = {
    "organization": "Harbor & Co",
    "name": "Ann",
    "inviter": "Bo",
    "until": "3 December",
    "link": "https://meter.example/x?a=1&b=2",
    "code": "K7MHX3WP",
    "when": "3 November 10:00 UTC",
    "address": "192.0.2.7",
    "device": "Firefox",
    "title": "Shop 12 is silent",
    "site": "Harbor Mall",
    "reason": "No answer",
    "number": "HR-2026-000001",
    "period": "October",
    "total": "12.10 EUR",
    "due": "30 November",
    "attached": "yes",
}
SUBJECTS = {
    Kind.OPT_IN_CODE: ("Confirm that Harbor & Co may write to you", "Confirme que Harbor & Co puede escribirle"),
    Kind.TEST: ("Test message from Harbor & Co", "Mensaje de prueba de Harbor & Co"),
    Kind.INVITATION: ("Bo invites you to Harbor & Co", "Bo le invita a Harbor & Co"),
    Kind.PASSWORD_RESET: ("Choose a new password", "Elija una contraseña nueva"),
    Kind.SIGN_IN_CODE: ("Your code for signing in", "Su código para entrar"),
    Kind.NEW_SIGN_IN: ("New sign-in to Meterbook", "Nuevo acceso a Meterbook"),
    Kind.PASSWORD_CHANGED: ("Your password was changed", "Se cambió su contraseña"),
    Kind.ALARM_RAISED: ("Alarm: Shop 12 is silent", "Alarma: Shop 12 is silent"),
    Kind.ALARM_CLEARED: ("Over: Shop 12 is silent", "Terminada: Shop 12 is silent"),
    Kind.BILL_ISSUED: ("Bill HR-2026-000001 from Harbor & Co", "Factura HR-2026-000001 de Harbor & Co"),
    Kind.CREDIT_NOTE_ISSUED: (
        "Credit note HR-2026-000001 from Harbor & Co",
        "Factura rectificativa HR-2026-000001 de Harbor & Co",
    ),
    Kind.JOB_ASSIGNED: ("Job for you: Shop 12 is silent", "Trabajo para usted: Shop 12 is silent"),
    Kind.DISPUTE_DUE: ("Dispute to answer: Shop 12 is silent", "Reclamación por responder: Shop 12 is silent"),
    Kind.SWAP_SUSPECTED: ("Swapped meters? Shop 12 is silent", "¿Contadores cambiados? Shop 12 is silent"),
}


def render(kind: Kind, language: str = "en", **more: str) -> rendering.Rendered:
    return rendering.render(kind=kind, language=language, version=rendering.VERSION, facts={**FACTS, **more})


class TestRender:
    @pytest.mark.parametrize("kind", list(Kind))
    def test_speaks_english_and_spanish(self, kind: Kind) -> None:
        assert (render(kind, "en").subject, render(kind, "es").subject) == SUBJECTS[kind]

    @pytest.mark.parametrize("language", values.LANGUAGES)
    @pytest.mark.parametrize("kind", list(Kind))
    def test_leaves_nothing_unfilled_and_says_the_same_in_text_and_html(self, kind: Kind, language: str) -> None:
        found = render(kind, language)

        assert found.text.strip()
        assert "{{" not in found.text + found.html
        assert "{%" not in found.text + found.html
        assert "\n\n\n" not in found.text
        assert f'<html lang="{language}">' in found.html
        assert "Harbor &amp; Co" in found.html
        assert "Harbor & Co" in found.text

    def test_shows_the_link_as_it_is_in_text_and_escaped_in_html(self) -> None:
        found = render(Kind.PASSWORD_RESET)

        assert FACTS["link"] in found.text
        assert 'href="https://meter.example/x?a=1&amp;b=2"' in found.html

    def test_lets_no_name_write_html_or_a_line_of_its_own(self) -> None:
        found = render(Kind.ALARM_RAISED, title="x\nBcc: eve@example.com\n\n<script>alert(1)</script>")

        assert "\n" not in found.subject
        assert "\nBcc" not in found.text
        assert "<script>" not in found.html

    @pytest.mark.parametrize("kind", values.OPTIONAL_KINDS)
    @pytest.mark.parametrize("language", values.LANGUAGES)
    def test_says_how_to_stop_what_is_not_mandatory(self, kind: Kind, language: str) -> None:
        assert "https://stop.example/t" in render(kind, language, unsubscribe="https://stop.example/t").text


class TestLanguageOf:
    @pytest.mark.parametrize(
        ("wanted", "found"), [("es", "es"), ("es-MX", "es"), ("ES", "es"), ("fr", "en"), ("", "en")]
    )
    def test_is_one_that_messages_have(self, wanted: str, found: str) -> None:
        assert rendering.language_of(wanted) == found
