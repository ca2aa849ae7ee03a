"""Who can sign in to the demonstration, one for each kind of work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from meterbook.identity import operations as identity_operations
from meterbook.identity import sign_in
from meterbook.identity import values as identity_values
from meterbook.kernel.actor import Actor

ACTOR = Actor.system("demonstration")


@dataclass(frozen=True)
class Person:
    """Somebody who can sign in to the demonstration."""

    email: str
    name: str
    role: identity_values.RoleCode
    password: str

    def plain(self) -> dict[str, str]:
        """This will return what the page for signing in shows."""
        return {"email": self.email, "name": self.name, "role": self.role.value, "password": self.password}


_Role = identity_values.RoleCode
MANAGER = Person("manager@harbor.example", "Marta Vidal", _Role.ORGANIZATION_ADMIN, "harbor-manager")
CLERK = Person("billing@harbor.example", "Bruno Costa", _Role.BILLING_CLERK, "harbor-billing")
APPROVER = Person("approver@harbor.example", "Alma Ortega", _Role.APPROVER, "harbor-approver")
TECHNICIAN = Person("technician@harbor.example", "Tom Reyes", _Role.OPERATOR, "harbor-technician")
VIEWER = Person("viewer@harbor.example", "Vera Lind", _Role.MONITOR, "harbor-viewer")
# Signs in for the account of a shop (harbor.tenants), whose unit somebody else rented before.
TENANT = Person("tenant@harbor.example", "Pilar Vega", _Role.TENANT, "harbor-tenant")
PEOPLE = (MANAGER, CLERK, APPROVER, TECHNICIAN, VIEWER, TENANT)

Actors = Mapping[Person, Actor]


def create(at: datetime) -> dict[Person, Actor]:
    """This will make all people with their roles and return them as actors; the tenant's comes with an account.

    Needs a scope.
    """
    found = {}
    for person in PEOPLE:
        user, _made = identity_operations.create_user(actor=ACTOR, at=at, email=person.email, name=person.name)
        if person is not TENANT:
            identity_operations.grant_role(actor=ACTOR, at=at, user_id=user.id, role=person.role)
        found[person] = Actor.user(user.id, person.name, source="demonstration")
    return found


def set_passwords(actors: Actors, at: datetime) -> None:
    """This will let people sign in with the passwords that are shown to whoever opens the page. Outside a scope."""
    for person, actor in actors.items():
        if actor.id is not None:
            sign_in.set_password(actor=ACTOR, at=at, user_id=actor.id, password=person.password)
