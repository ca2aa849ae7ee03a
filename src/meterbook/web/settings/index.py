"""Settings: all that can be set up, in sections, each for those who may; a word finds what one looks for."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import resolve, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from meterbook.identity import permissions as identity_permissions
from meterbook.identity.values import Module
from meterbook.web import access, parameters
from meterbook.web.settings import operator


@dataclass(frozen=True)
class Section:
    """One page of the settings as it is declared. `words` are further words under which somebody may look for it."""

    route: str
    title: str | Promise
    text: str | Promise
    icon: str
    words: str | Promise = ""
    is_personal: bool = False  # outside any organization
    is_of_installation: bool = False


@dataclass(frozen=True)
class Line:
    """One section as the page shows it."""

    href: str
    title: str
    text: str
    icon: str


@dataclass(frozen=True)
class Group:
    """Sections under one head."""

    title: str
    lines: tuple[Line, ...]


SECTIONS: tuple[tuple[str | Promise, tuple[Section, ...]], ...] = (
    (
        _("Organization"),
        (
            Section("letterhead", _("Bill head and logo"), _("Name, tax number, address and picture on bills"), "bill",
                    _("letterhead picture contact")),
            Section("correction_rules", _("Corrections and disputes"),
                    _("How far back more is asked for, deadlines, limits"), "refresh",
                    _("back-billing credit note complaint deadline")),
            Section("legal_profile", _("Legal profile"),
                    _("Which rate of a tax is due when it changes, here and at sites"), "table",
                    _("tax point VAT rate change law")),
            Section("bill_numbers", _("Bill numbers"), _("Prefix and next number of each series"), "table",
                    _("series invoice year")),
            Section("bill_templates", _("Templates of bills"), _("Title, texts, color, paper and ways to pay"), "edit",
                    _("layout design IBAN QR payment picture")),
            Section("signing_certificate", _("Signature"), _("The certificate that signs issued documents"),
                    "shield-lock", _("PAdES PDF PKCS#12 self-signed")),
            Section("issued_documents", _("Issued documents"), _("What anybody may check, and the chain of days"),
                    "table", _("verify authentic register hash SHA-256")),
            Section("settings", _("Messages"), _("Mail server and Telegram bot, each with a test"), "mail",
                    _("SMTP e-mail bot password")),
            Section("message_log", _("Delivery log"), _("What was sent, and what the other side said"), "inbox"),
            Section("roles", _("Roles, second step"), _("What each may do, and who must sign in with one more step"),
                    "shield-lock", _("second factor 2FA authenticator passkey rights permissions")),
            Section("sign_in_rules", _("Sign-in rules"), _("Passwords, time limits, and codes by mail for tenants"),
                    "lock", _("password policy session time-out guesses code")),
            Section("modules", _("Modules"), _("What is on, here and at single sites"), "sliders"),
            Section("privacy", _("What the landlord sees of use"), _("By the day or every interval, for each site"),
                    "eye", _("privacy consent dwelling tenant")),
            Section("api_keys", _("API keys"), _("Programs that may read and change"), "key", _("token integration")),
        ),
    ),
    (
        _("Installation"),
        (
            Section("public_address", _("Public address"), _("What links in mail and on labels begin with"), "cable",
                    _("URL domain host link QR"), is_of_installation=True),
            Section("https", _("Encryption"), _("HTTPS, its certificate, and how phones come to trust it"), "shield",
                    _("TLS SSL certificate"), is_of_installation=True),
            Section("single_sign_on", _("Single sign-on"), _("Signing in with an account that people have elsewhere"),
                    "shield-lock", _("OpenID Connect OIDC SSO provider"), is_of_installation=True),
            Section("backups", _("Backups"), _("When and where they are written, and those that are there"), "archive",
                    _("restore copy safety"), is_of_installation=True),
        ),
    ),
    (
        _("For me"),
        (
            Section("own_messages", _("My messages"), _("What I am told, how, and when not"), "send",
                    _("notifications quiet hours alarms")),
            Section("own_sessions", _("Where I am signed in"), _("Browsers, and ending their sessions"), "monitor",
                    _("sessions devices"), is_personal=True),
            Section("mfa_index", _("My second step"), _("Authenticator app, passkeys, recovery codes"), "shield-lock",
                    _("second factor 2FA passkey"), is_personal=True),
            Section("account_change_password", _("My password"), _("Choose another one"), "key", is_personal=True),
        ),
    ),
)  # fmt: skip


@require_GET
@access.page(permission=identity_permissions.VIEW_ORGANIZATION, module=Module.CORE)
def index(request: access.Request) -> HttpResponse:
    """This will show the sections that the reader may open; `q` leaves those in which its words occur."""
    asked = parameters.search(request)
    groups = [
        Group(str(title), tuple(_line(request, each) for each in sections if _is_shown(request, each, asked)))
        for title, sections in SECTIONS
    ]
    context = {"groups": [each for each in groups if each.lines], "asked": asked}
    return render(request, "settings/index.html", context)


def _is_shown(request: access.Request, section: Section, asked: str) -> bool:
    text = _plain(f"{section.title} {section.text} {section.words}")
    if not all(word in text for word in _plain(asked).split()):
        return False
    if section.is_personal:
        return True
    if section.is_of_installation and not operator.is_operator(request):
        return False
    view = resolve(_href(request, section)).func
    may_open = request.access.allows_somewhere if getattr(view, "by_site", False) else request.access.allows
    return request.organization.has_module(view.module) and may_open(view.permission)  # type: ignore[attr-defined]


def _line(request: access.Request, section: Section) -> Line:
    return Line(_href(request, section), str(section.title), str(section.text), section.icon)


def _href(request: access.Request, section: Section) -> str:
    return reverse(section.route, args=[] if section.is_personal else [request.organization.public_id])


def _plain(text: str) -> str:
    """Small letters without accents: "Números" is found by "numero"."""
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(each for each in split if not unicodedata.combining(each))
