"""Pages asked as a browser asks them, without one."""

from __future__ import annotations

from django.test import Client
from django.urls import reverse

from meterbook.identity import models as identity_models
from meterbook.identity.values import RoleCode
from tests.factories import identity


def signed_in(organization: identity_models.Organization, role: RoleCode = RoleCode.ORGANIZATION_ADMIN) -> Client:
    """This will return a browser of somebody of the organization who has a role."""
    client = Client()
    client.force_login(identity.user(organization=organization, role=role))
    return client


def page(client: Client, name: str, organization: identity_models.Organization, *more: object, **query: str) -> str:
    """This will return a page of an organization that must be there: its route, what the path holds, its query."""
    response = client.get(reverse(name, args=[organization.public_id, *more]), query)
    assert response.status_code == 200
    return response.content.decode()
