"""What django-allauth asks Meterbook: no self-registration, one-time passwords, links from the public address."""

from __future__ import annotations

import base64
import hashlib
from datetime import datetime
from typing import Any
from urllib.parse import urljoin

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.stages import AuthenticateStage
from cryptography.fernet import Fernet, MultiFernet
from django.conf import global_settings, settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from meterbook.audit import queries as audit_queries
from meterbook.identity import password_policy
from meterbook.identity import queries as identity_queries
from meterbook.identity import sign_in as identity_sign_in
from meterbook.installation import queries as installation_queries
from meterbook.journeys import tell_security
from meterbook.kernel import clock
from meterbook.kernel.actor import Actor
from meterbook.web import access, guesses, second_step, seeing, session

STAGES = {"allauth.mfa.stages.AuthenticateStage": "meterbook.web.account_adapter.SecondStepStage"}


def can_mail() -> bool:
    """This will tell whether a mail of the sign-in pages reaches anybody: a server for it was configured."""
    is_sending = settings.EMAIL_BACKEND != global_settings.EMAIL_BACKEND
    return is_sending or settings.EMAIL_HOST != global_settings.EMAIL_HOST


class AccountAdapter(DefaultAccountAdapter):
    """The rules of signing in that differ from allauth's own."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """This will refuse: users are made by an administrator."""
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: object) -> None:
        """This will refuse whoever guessed too often; places that the person signed in from before count by themselves.

        So many addresses together get ten guesses at an account, and whoever spends them locks nobody out who comes
        from where they usually do.
        """
        here = guesses.count(request, guesses.HERE)
        if here is None:
            guesses.refuse(request, login_failed_here="")
            raise self.validation_error("too_many_login_attempts")
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            usage = self._use_known_place(request, str(credentials.get("email", "")).strip().lower())
            if not usage:
                guesses.refuse(request, login_failed=self._get_login_attempts_cache_key(request, **credentials))
                raise
            self._login_failed_rl_usage = usage
        # Both are taken back together when it was right.
        self._login_failed_rl_usage.usage.extend(here.usage)

    def forgive_guess(self) -> None:
        """This will take back what `pre_authenticate` counted: it was no guess, but right."""
        self._rollback_login_failed_rl_usage()

    def _use_known_place(self, request: HttpRequest, email: str) -> Any:  # noqa: ANN401 - the library's own
        address = access.client_address(request)
        if not identity_sign_in.is_known_place(email=email, address=address, at=clock.now(), signed_in=_signed_in):
            return None
        return guesses.count(request, guesses.KNOWN, f"{email}:{address}")

    def authenticate(self, request: HttpRequest, **credentials: object) -> AbstractBaseUser | None:
        """This will check the password; one made for a single sign-in is spent by it, before anything else happens."""
        second_step.forget_provider(request)
        user: Any = super().authenticate(request, **credentials)
        if user is None or not user.has_one_time_password:
            length = len(str(credentials.get("password", "")))
            is_short = length < password_policy.SHORTEST
            if user is not None and is_short and length < password_policy.shortest_for(user):
                # A short one was allowed while there was a second step; without one it must be replaced.
                identity_sign_in.require_new_password(user_id=user.pk)
                user.must_change_password = True
            return user  # type: ignore[no-any-return]
        spent = identity_sign_in.use_one_time_password(user_id=user.pk, password_hash=user.password)
        if spent is None:
            return None
        # The session is tied to the password's hash: to the one that stands there from now on.
        user.password, user.has_one_time_password = spent, False
        return user  # type: ignore[no-any-return]

    def get_login_stages(self) -> list[str]:
        """This will ask our second step after a password, and after a provider unless its own will do."""
        return [STAGES.get(each, each) for each in super().get_login_stages()]

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **details: object) -> HttpResponse:
        """This will record the sign-in in the audit trail of each of the user's organizations."""
        actor, at = _actor(request, user), clock.now()
        identity_sign_in.note_sign_in(actor=actor, at=at, user_id=user.pk)
        tell_security.signed_in(
            actor=actor,
            at=at,
            user_id=user.pk,
            address=access.client_address(request),
            device=request.headers.get("User-Agent", ""),
        )
        return super().post_login(request, user, **details)  # type: ignore[no-any-return]

    def is_reauthentication_required(self, *, app: str, **details: object) -> bool:
        """This will not ask again who signed in moments ago: the first sign-in may lead to setting a second step up."""
        began = self.request.session.get(session.BEGAN)
        is_fresh = (
            began is not None and clock.real_now().timestamp() - began < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
        )
        return not is_fresh and bool(super().is_reauthentication_required(app=app, **details))

    def logout(self, request: HttpRequest) -> None:
        """This will end looking as somebody else first, so that the trail says how long it went."""
        seeing.end(request)
        super().logout(request)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """This will send only where mail was set up: otherwise the page said whom to ask, and nothing fails."""
        link = context.get("password_reset_url")
        if link and self._mail_link(context["user"], str(link)):
            return
        if can_mail():
            super().send_mail(template_prefix, email, context)

    def _mail_link(self, user: AbstractBaseUser, link: str) -> bool:
        """Through an organization of the person that has set up mail."""
        actor = _actor(self.request, user)
        return tell_security.password_reset(actor=actor, at=clock.now(), user_id=user.pk, link=link)

    def clean_password(self, password: str, user: AbstractBaseUser | None = None) -> str:
        """This will refuse a password that is easily guessed, also one with the name of an organization."""
        checked = str(super().clean_password(password, user))
        if user is not None and user.pk is not None:
            at, actor = clock.now(), _actor(self.request, user)
            found = identity_queries.organizations_of(user_id=user.pk, at=at, actor=actor)
            own = [str(getattr(user, name)) for name in ("email", "name")]
            password_policy.check_names(checked, [*own, *(each.name for each in found)])
        return checked

    def set_password(self, user: AbstractBaseUser, password: str) -> None:
        """This will store the password that the user chose; a one-time password is dead with it."""
        actor = _actor(self.request, user)
        identity_sign_in.set_password(actor=actor, at=clock.now(), user_id=user.pk, password=password)
        user.refresh_from_db()
        tell_security.password_changed(actor=actor, at=clock.now(), user_id=user.pk)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """This will build the link of the mail from the configured public address, never from the request's host."""
        # The route takes the user and the key as two parts; the key that arrives holds both.
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return urljoin(installation_queries.public_address(), path.replace("UID-KEY", key))


class SecondStepStage(AuthenticateStage):
    """The second step, which is left out where the provider asked one that the owner lets do."""

    def _should_handle(self, request: HttpRequest) -> bool:
        user = self.login.user
        if user is not None and second_step.took_one_at_provider(request, user.pk):
            return False
        return bool(super()._should_handle(request))


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps secrets of second factors encrypted with the installation's key, so that a database dump is not enough."""

    def encrypt(self, text: str) -> str:
        """This will encrypt with a key that is not in the database."""
        return _cipher().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """This will decrypt, also with a secret key that the present one replaced."""
        return _cipher().decrypt(encrypted_text.encode()).decode()


def _signed_in(user_id: int, address: str, since: datetime) -> bool:
    return audit_queries.count_sign_ins(user_id=user_id, source=address, since=since)[1] > 0


def _cipher() -> MultiFernet:
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (hashlib.sha256(b"meterbook second factor" + str(key).encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


def _actor(request: HttpRequest | None, user: AbstractBaseUser) -> Actor:
    source = access.client_address(request) if request is not None else ""
    return Actor.user(user.pk, str(user), source=source)
