"""`meterbook organization`: one more organization, whose administrator can sign in and sees nothing of the others."""

from __future__ import annotations

import io
import re

import pytest

from meterbook.cli import founding
from meterbook.foundation import scoping
from meterbook.identity import models, queries
from meterbook.kernel import clock
from tests.factories import identity


def found(name: str = "Harbor Properties", administrator: str = "ana@harbor.example") -> tuple[int, str, str]:
    out, errors = io.StringIO(), io.StringIO()
    status = founding.found(name=name, administrator=administrator, language="es", out=out, errors=errors)
    return status, out.getvalue(), errors.getvalue()


def organizations_of(email: str) -> list[queries.OrganizationRow]:
    user = models.User.objects.get(email=email)
    return list(queries.organizations_of(user_id=user.pk, at=clock.now(), actor=identity.ACTOR))


class TestOrganization:
    def test_is_made_with_an_administrator_who_signs_in_once_with_what_is_printed(self) -> None:
        address = f"ana.{identity.organization().pk}@harbor.example"

        status, said, _errors = found(administrator=address.upper())

        password = re.search(r"signs in once with (\S+) and", said)
        [own] = organizations_of(address)
        user = models.User.objects.get(email=address)
        assert status == 0
        assert (own.name, own.language) == ("Harbor Properties", "es")
        assert str(own.public_id) in said
        assert password is not None
        assert user.check_password(password[1])
        assert user.must_change_password
        with scoping.scope([own.id], actor=identity.ACTOR):
            held = queries.access_of(user_id=user.pk, at=clock.now())
        assert held.allows("identity:edit_users")

    def test_of_somebody_known_is_found_with_the_own_password(self) -> None:
        known = identity.user(organization=identity.organization(name="Northquay"))
        before = known.password

        status, said, _errors = found(administrator=known.email)

        known.refresh_from_db()
        assert (status, known.password) == (0, before)
        assert "as usual" in said
        assert len(organizations_of(known.email)) == 2

    @pytest.mark.parametrize(
        ("name", "address", "words"),
        [
            ("", "ana@harbor.example", "a name has"),
            ("Har\u202ebor", "ana@harbor.example", "a name has"),
            ("Harbor", "ana", "no e-mail address"),
        ],
        ids=["empty", "unseen", "address"],
    )
    def test_is_not_made_by_halves(self, name: str, address: str, words: str) -> None:
        status, _said, errors = found(name, address)

        assert status == 2
        assert words in errors
        assert not models.User.objects.filter(email=address).exists()
