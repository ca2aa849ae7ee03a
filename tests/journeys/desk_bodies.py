"""What the walk over the API sends to operations on the bill head, number series, people, policies and monitors."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from meterbook.identity import models as identity_models
from meterbook.kernel import clock
from tests.factories import api
from tests.journeys import test_routes

BODIES: dict[str, Callable[[identity_models.Organization], Any]] = {
    "change_letterhead": lambda _o: {"address": "Quay 1\nHarbor"},
    "set_logo": lambda _o: api.MultipartBody(file=SimpleUploadedFile("a.png", b"no picture")),
    "remove_logo": lambda _o: {},
    "plan_number_series": lambda o: {
        "site": test_routes.placed(o).site.code,
        "year": clock.now().year,
        "prefix": uuid.uuid4().hex[:8],
        "first_number": 1,
    },
    "invite_tenant": lambda _o: {"email": f"{uuid.uuid4().hex}@meterbook.example"},
    "end_tenant_sign_in": lambda _o: {},
    "set_site_privacy": lambda _o: {"dwellings": "DAY", "commercial": "INTERVAL"},
    "change_legal_profile": lambda _o: {"tax_point": "INVOICE"},
    "change_legal_profile_of_site": lambda _o: {"tax_point": None},
    "refuse_tariff_override": lambda _o: {"reason": "not agreed"},
    "create_role": lambda _o: {"name": "Desk", "permissions": ["sites:view"]},
    "give_role": lambda _o: {"role": "MONITOR"},
    "revoke_api_key": lambda _o: {"reason": "program gone"},
    "revoke_grant": lambda _o: {"reason": "left"},
    "deactivate_user": lambda _o: {"reason": "left"},
    "end_user_sessions": lambda _o: {},
    "invite_person": lambda _o: {"email": f"{uuid.uuid4().hex}@meterbook.example", "role": "MONITOR"},
    "change_policies": lambda _o: {},
    "change_configuring": lambda _o: {"may_configure": False},
    "assign_to_monitor": lambda o: {"meter_points": [str(test_routes.installed(o)[0].point.public_id)]},
}
