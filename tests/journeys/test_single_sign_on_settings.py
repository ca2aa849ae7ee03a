"""The page that sets the provider of single sign-on, and what the server lets itself be led to."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.urls import reverse
from pytest_django import Settings

from meterbook.audit import queries as audit_queries
from meterbook.foundation import scoping
from meterbook.foundation.tls import authority, handshake
from meterbook.identity import models
from meterbook.installation import models as installation_models
from meterbook.installation.single_sign_on import fetching, keeping, protocol
from meterbook.kernel import clock
from meterbook_lab import oidc_server
from tests.factories import identity
from tests.journeys.test_single_sign_on import lab, organization
from tests.support import pages

pytestmark = pytest.mark.spec("X-10/4")
__all__ = ["lab", "organization"]  # fixtures


class TestSettings:
    def given(self, server: oidc_server.OidcServer, **more: str) -> dict[str, str]:
        named = {"issuer": server.issuer, "client_id": server.client_id, "label": "Sign in with Harbor", "is_on": "on"}
        return {**named, "secret": server.secret, **more}

    @pytest.mark.spec("X-16/1")
    def test_keep_the_secret_sealed_and_show_it_nowhere(
        self, organization: models.Organization, lab: oidc_server.OidcServer
    ) -> None:
        installation_models.Setting.objects.filter(name="SINGLE_SIGN_ON").delete()
        client = pages.signed_in(organization)
        href = reverse("single_sign_on", args=[organization.public_id])

        missing = client.post(href, self.given(lab, secret=""))
        kept = client.post(href, self.given(lab), follow=True)
        again = client.post(href, self.given(lab, secret="", label="Office"))
        other = client.post(href, self.given(lab, secret="", client_id="another"))

        assert (missing.status_code, again.status_code, other.status_code) == (422, 302, 422)
        assert "secret that the provider gave" in missing.content.decode()
        assert "never shown" in kept.content.decode()
        assert keeping.secret() == lab.secret
        stored = installation_models.Setting.objects.get(name="SINGLE_SIGN_ON").value
        with scoping.scope([organization.pk], actor=identity.ACTOR):
            entries = audit_queries.list_entries(limit=20)
        assert [each.action for each in entries].count("installation:set_single_sign_on") == 3  # the fixture kept one
        told = str([(each.before, each.after) for each in entries])
        page = client.get(href).content.decode()
        assert [each for each in (str(stored), told, page) if lab.secret in each] == []
        assert [each for each in (told, page) if stored["sealed_secret"] in each] == []

    @pytest.mark.parametrize(
        "issuer",
        ["login.example", "ftp://x.example", "https://u:p@x.example", "https://x/?a=1", "https://[", "https://x:99999"],
    )
    def test_say_what_is_no_address(
        self, organization: models.Organization, lab: oidc_server.OidcServer, issuer: str
    ) -> None:
        client = pages.signed_in(organization)

        answer = client.post(
            reverse("single_sign_on", args=[organization.public_id]), self.given(lab, issuer=issuer, label="Mine")
        )

        assert answer.status_code == 422
        assert issuer in answer.content.decode().replace("&amp;", "&")
        assert 'value="Mine"' in answer.content.decode()

    def test_are_tested_with_the_provider(
        self, organization: models.Organization, lab: oidc_server.OidcServer, settings: Settings
    ) -> None:
        client = pages.signed_in(organization)
        href = reverse("single_sign_on_test", args=[organization.public_id])

        works = client.post(href, follow=True).content.decode()
        lab.found = {"issuer": "https://evil.example"}
        other = client.post(href, follow=True).content.decode()
        settings.SIGN_IN_NETWORKS = ""
        inside = client.post(href, follow=True).content.decode()

        assert "It works" in works
        assert "calls itself “https://evil.example”" in other
        assert "MB_SIGN_IN_NETWORKS" in inside

    def test_belong_to_who_runs_the_installation(
        self, organization: models.Organization, lab: oidc_server.OidcServer
    ) -> None:
        other = identity.organization()
        client = pages.signed_in(other)

        sent = [
            client.post(reverse("single_sign_on", args=[other.public_id]), self.given(lab, label="Mine")),
            client.post(reverse("single_sign_on_test", args=[other.public_id])),
        ]

        assert [each.status_code for each in sent] == [302, 302]
        assert keeping.get().provider is not None
        assert keeping.get().provider.label == "Sign in with Harbor"  # type: ignore[union-attr]
        assert lab.issuer not in pages.page(client, "single_sign_on", other)


class TestFetching:
    def test_over_tls_takes_only_a_certificate_that_is_trusted(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        pair = authority.ensure(tmp_path, ("localhost",), at=clock.real_now())
        with oidc_server.running(oidc_server.OidcServer(), tls=handshake.server_context(pair)) as server:
            with pytest.raises(fetching.ProviderUnreachable, match="not trusted"):
                protocol.test(server.issuer)
            monkeypatch.setenv("SSL_CERT_FILE", str(authority.root_path(tmp_path)))
            protocol.test(server.issuer)

    @pytest.mark.parametrize(
        "url",
        ["http://10.0.0.1/x", "https://10.0.0.1/x", "https://[::1]/x", "https://169.254.169.254/", "file:///etc/passwd",
         "https://nobody.invalid/", "https://[/", "https://127.0.0.1:0/", "gopher://x/"],
    )  # fmt: skip
    def test_goes_nowhere_inside(self, url: str) -> None:
        with pytest.raises(fetching.ProviderUnreachable):
            fetching.ask(url)
