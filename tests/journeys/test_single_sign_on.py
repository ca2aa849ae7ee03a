"""Signing in through a provider, with a real one on loopback that keeps to the rules, or breaks one of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from meterbook.foundation import scoping
from meterbook.identity import invitations, models, sessions
from meterbook.identity.values import RoleCode
from meterbook.installation import models as installation_models
from meterbook.installation.single_sign_on import keeping, values
from meterbook.kernel import clock
from meterbook_lab import oidc_server
from tests.factories import identity
from tests.journeys import test_second_factor as second
from tests.journeys import test_sign_in as signing
from tests.support import trails

pytestmark = pytest.mark.spec("X-10/4")
GENERIC = "Signing in did not work"


@pytest.fixture(autouse=True)
def organization(settings: Settings) -> models.Organization:
    settings.SIGN_IN_NETWORKS = "127.0.0.0/8"
    made = identity.organization()
    settings.OPERATOR = str(made.public_id)
    return made


@pytest.fixture
def lab(organization: models.Organization) -> Iterator[oidc_server.OidcServer]:
    with oidc_server.running(oidc_server.OidcServer()) as server:
        keep(organization, server)
        yield server
    installation_models.Setting.objects.filter(name="SINGLE_SIGN_ON").delete()


def keep(organization: models.Organization, server: oidc_server.OidcServer, **more: Any) -> None:  # noqa: ANN401
    provider = values.Provider(server.issuer, server.client_id, "Sign in with Harbor", **more)
    with scoping.scope([organization.pk], actor=identity.ACTOR):
        keeping.keep(actor=identity.ACTOR, at=clock.now(), provider=provider, secret=server.secret)


def knows(server: oidc_server.OidcServer, email: str, subject: str = "", **more: object) -> None:
    """The provider would sign this person in."""
    server.person = {"sub": subject or f"sub of {email}", "email": email, "email_verified": True, "name": "Ann Lee"}
    server.claims = dict(more)


def go(client: Client, server: oidc_server.OidcServer, next: str = "") -> Any:  # noqa: A002, ANN401
    """To the provider and back, as a browser goes."""
    sent = client.get(reverse("provider_begin"), {"next": next} if next else {})
    assert sent.headers["Location"].startswith(server.issuer), sent.headers["Location"]
    status, headers, _content = server.answer("GET", sent.headers["Location"], {}, b"")
    assert status == 302
    return client.get(path_of(headers["Location"]))


def path_of(address: str) -> str:
    return "/" + address.partition("://")[2].partition("/")[2]


def is_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


class TestSigningIn:
    def test_finds_the_account_by_a_verified_address_and_is_recorded(
        self, organization: models.Organization, lab: oidc_server.OidcServer
    ) -> None:
        user = identity.user(organization=organization)
        client = signing.visitor()
        page = client.get(reverse("account_login")).content.decode()
        before = client.session.session_key
        knows(lab, user.email.upper())

        answer = go(client, lab, next="/o/somewhere/")

        assert "Sign in with Harbor" in page
        assert (answer.status_code, answer.headers["Location"]) == (302, "/o/somewhere/")
        assert client.session["_auth_user_id"] == str(user.pk)
        assert client.session.session_key != before
        assert trails.actions(organization)[:2] == ["identity:sign_in", "installation:link_provider"]
        (asked,) = lab.asked
        assert asked["code_challenge_method"] == "S256"
        assert asked["redirect_uri"].endswith(reverse("provider_done"))
        client.get("/")
        assert [each.is_here for each in sessions.list_sessions(user_id=user.pk, at=clock.real_now())] == [False]

    def test_knows_the_person_by_the_providers_own_name_from_then_on(
        self, organization: models.Organization, lab: oidc_server.OidcServer
    ) -> None:
        user, other = identity.user(organization=organization), identity.user(organization=organization)
        knows(lab, user.email, "s-1")
        go(signing.visitor(), lab)
        renamed, heir = signing.visitor(), signing.visitor()

        knows(lab, other.email, "s-1")
        go(renamed, lab)
        knows(lab, user.email, "s-2")
        refused = go(heir, lab)

        assert renamed.session["_auth_user_id"] == str(user.pk)
        assert not is_in(heir)
        assert refused.status_code == 400

    def test_asks_where_the_token_does_not_tell(
        self, organization: models.Organization, lab: oidc_server.OidcServer
    ) -> None:
        user, client, cheated = identity.user(organization=organization), signing.visitor(), signing.visitor()
        lab.is_posting = True
        knows(lab, user.email)
        lab.claims = {"email": None, "email_verified": None}

        go(client, lab)
        lab.told = {"sub": "somebody else"}
        lab.person["sub"] = "s-9"
        lab.claims["sub"] = "s-10"
        go(cheated, lab)

        assert is_in(client)
        assert not is_in(cheated)

    def test_is_no_way_in_while_it_is_off_or_unset(
        self, organization: models.Organization, lab: oidc_server.OidcServer
    ) -> None:
        keep(organization, lab, is_on=False)

        assert GENERIC in signing.visitor().get(reverse("provider_begin")).content.decode()
        assert b"Sign in with Harbor" not in signing.visitor().get(reverse("account_login")).content
        assert GENERIC in signing.visitor().get(reverse("provider_done")).content.decode()

    def test_leads_nowhere_else(self, organization: models.Organization, lab: oidc_server.OidcServer) -> None:
        user, client = identity.user(organization=organization), signing.visitor()
        knows(lab, user.email)

        assert go(client, lab, next="https://evil.example/").headers["Location"] == "/"


def _changed(server: oidc_server.OidcServer, **more: object) -> None:
    for name, value in more.items():
        setattr(server, name, value)


NOW = int(time.time())
WRONG: dict[str, dict[str, Any]] = {
    "nonce": {"claims": {"nonce": "another"}},
    "no nonce": {"claims": {"nonce": None}},
    "audience": {"claims": {"aud": "another-client"}},
    "further audience": {"claims": {"aud": ["meterbook", "another-client"]}},
    "other party": {"claims": {"azp": "another-client"}},
    "expired": {"claims": {"iat": NOW - 7200, "exp": NOW - 3600}},
    "no end": {"claims": {"exp": None}},
    "issuer": {"claims": {"iss": "https://evil.example"}},
    "nobody": {"claims": {"sub": None}},
    "unverified": {"claims": {"email_verified": False}},
    "unverified in words": {"claims": {"email_verified": "no"}},
    "alg none": {"algorithm": "none"},
    "signed with the secret": {"algorithm": "HS256"},
    "foreign key": {"is_foreign_key": True},
    "secret": {"secret": "changed since"},
    "discovery of another": {"found": {"issuer": "https://evil.example"}},
    "keys elsewhere inside": {"found": {"jwks_uri": "http://169.254.169.254/keys"}},
    "token elsewhere inside": {"found": {"token_endpoint": "http://10.1.2.3/token"}},
}


class TestWhatIsWrong:
    @pytest.mark.parametrize("name", list(WRONG))
    def test_lets_nobody_in_and_says_one_sentence(
        self, organization: models.Organization, lab: oidc_server.OidcServer, name: str
    ) -> None:
        user, client = identity.user(organization=organization), signing.visitor()
        knows(lab, user.email)
        sent = client.get(reverse("provider_begin"))
        _status, headers, _content = lab.answer("GET", sent.headers["Location"], {}, b"")
        _changed(lab, **WRONG[name])

        answer = client.get(path_of(headers["Location"]))

        assert answer.status_code == 400
        assert not is_in(client)
        assert GENERIC in answer.content.decode()
        assert not installation_models.ProviderLink.objects.filter(user=user).exists()

    @pytest.mark.parametrize("change", ["state", "iss", "code", "error"])
    def test_in_the_address_lets_nobody_in_and_is_spent(
        self, organization: models.Organization, lab: oidc_server.OidcServer, change: str
    ) -> None:
        user, client = identity.user(organization=organization), signing.visitor()
        knows(lab, user.email)
        sent = client.get(reverse("provider_begin"))
        _status, headers, _content = lab.answer("GET", sent.headers["Location"], {}, b"")
        right = dict(part.split("=") for part in headers["Location"].partition("?")[2].split("&"))
        right["iss"] = lab.issuer
        wrong = {**right, change: "https://evil.example"} if change != "error" else {"error": "access_denied"}

        client.get(reverse("provider_done"), wrong)
        client.get(reverse("provider_done"), right)

        assert not is_in(client)

    def test_of_another_browser_lets_nobody_in(
        self, organization: models.Organization, lab: oidc_server.OidcServer
    ) -> None:
        user, attacker, victim = identity.user(organization=organization), signing.visitor(), signing.visitor()
        knows(lab, user.email)
        sent = attacker.get(reverse("provider_begin"))
        _status, headers, _content = lab.answer("GET", sent.headers["Location"], {}, b"")
        victim.get(reverse("provider_begin"))

        victim.get(path_of(headers["Location"]))

        assert not is_in(victim)


class TestWho:
    def test_was_switched_off_stays_out_also_when_known(
        self, organization: models.Organization, lab: oidc_server.OidcServer
    ) -> None:
        user, known = identity.user(organization=organization), identity.user(organization=organization)
        identity.user(organization=organization)
        knows(lab, known.email)
        go(signing.visitor(), lab)
        signing.deactivate(organization, user)
        signing.deactivate(organization, known)

        for each in (user, known):
            client = signing.visitor()
            knows(lab, each.email)
            assert GENERIC in go(client, lab).content.decode()
            assert not is_in(client)

    def test_is_unknown_stays_out_or_gets_an_account_without_a_right(
        self, organization: models.Organization, lab: oidc_server.OidcServer
    ) -> None:
        email = f"stranger.{organization.public_id}@meterbook.example"
        knows(lab, email)
        refused, admitted = signing.visitor(), signing.visitor()

        go(refused, lab)
        assert not models.User.objects.filter(email=email).exists()
        keep(organization, lab, admits_unknown=True)
        go(admitted, lab)

        made = models.User.objects.get(email=email)
        assert not is_in(refused)
        assert admitted.session["_auth_user_id"] == str(made.pk)
        assert not made.has_usable_password()
        assert admitted.get(reverse("home", args=[organization.public_id])).status_code == 404

    def test_was_invited_joins_without_a_password(
        self, organization: models.Organization, lab: oidc_server.OidcServer
    ) -> None:
        admin = identity.user(organization=organization)
        email = f"invited.{organization.public_id}@meterbook.example"
        with scoping.scope([organization.pk], actor=identity.actor(admin)):
            _row, token = invitations.invite(
                actor=identity.actor(admin), at=clock.now(), email=email, role=RoleCode.BILLING_CLERK
            )
        link, other, client = reverse("open_invitation", args=[token]), signing.visitor(), signing.visitor()
        assert b"Sign in with Harbor" in client.get(link).content

        knows(lab, f"not.{email}")
        go(other, lab, next=link)
        knows(lab, email)
        answer = go(client, lab, next=link)

        assert not is_in(other)
        assert answer.headers["Location"] == "/"
        assert client.get("/", follow=True).redirect_chain[-1][0].startswith(f"/o/{organization.public_id}/")
        assert "identity:accept_invitation" in trails.actions(organization)


class TestSecondStep:
    def test_of_ours_follows_unless_the_owner_lets_the_providers_do(
        self, organization: models.Organization, lab: oidc_server.OidcServer
    ) -> None:
        user = identity.user(organization=organization)
        second.with_app(user)
        ours, theirs, single = signing.visitor(), signing.visitor(), signing.visitor()

        knows(lab, user.email, amr=["pwd", "otp"])
        asked = go(ours, lab)
        keep(organization, lab, trusts_second_step=True)
        go(theirs, lab)
        knows(lab, user.email, amr=["pwd"])
        go(single, lab)

        assert asked.headers["Location"].startswith(reverse("mfa_authenticate"))
        assert (is_in(ours), is_in(theirs), is_in(single)) == (False, True, False)

    def test_is_set_up_by_whose_role_needs_one_unless_the_provider_asked_one(
        self, lab: oidc_server.OidcServer, settings: Settings
    ) -> None:
        strict = identity.organization(second_factor_roles=[RoleCode.ORGANIZATION_ADMIN])
        user = identity.user(organization=strict)
        home = reverse("home", args=[strict.public_id])
        alone, both = signing.visitor(), signing.visitor()
        keep(strict, lab, trusts_second_step=True, acr="gold")

        knows(lab, user.email, acr="silver")
        go(alone, lab)
        knows(lab, user.email, acr="gold")
        go(both, lab)

        assert alone.get(home).headers["Location"] == reverse("second_step")
        assert both.get(home).status_code in {200, 302}
        assert both.get(home).headers.get("Location") != reverse("second_step")
        assert lab.asked[0]["acr_values"] == "gold"

    def test_of_the_provider_does_not_pass_to_a_password(
        self, organization: models.Organization, lab: oidc_server.OidcServer
    ) -> None:
        user = identity.user(organization=organization)
        keep(organization, lab, trusts_second_step=True)
        knows(lab, user.email, amr=["mfa"])
        client = signing.visitor()
        go(client, lab)
        second.with_app(user)
        client.post(reverse("account_logout"))

        answer = signing.sign_in(client, user.email)

        assert answer.headers["Location"].startswith(reverse("mfa_authenticate"))
