"""What supervisors and load balancers ask: is the process alive, can it serve, what does it measure."""

from __future__ import annotations

import prometheus_client
from django.db import connection
from django.db.utils import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse

from meterbook.web.access import public

FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP")


@public(reason="Tells only that the process runs.")
def healthz(request: HttpRequest) -> HttpResponse:
    """This will answer 200 as long as the process can answer at all."""
    return HttpResponse("ok", content_type="text/plain")


@public(reason="Tells only whether the database answers.")
def readyz(request: HttpRequest) -> JsonResponse:
    """This will answer 200 when the database answers, else 503 with the reason's kind, never its details."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        return JsonResponse({"ready": False, "database": type(error).__name__}, status=503)
    return JsonResponse({"ready": True, "database": "ok"})


@public(reason="Process figures without tenant data; answered to this machine only.")
def metrics(request: HttpRequest) -> HttpResponse:
    """This will answer the process's Prometheus figures to callers on the same machine, and 404 to others.

    A proxy on the same machine hands requests of others on; it says so, and they get 404 too.
    """
    is_forwarded = any(each in request.headers for each in FORWARDED)
    if is_forwarded or request.META.get("REMOTE_ADDR") not in {"127.0.0.1", "::1"}:
        return HttpResponse(status=404)
    return HttpResponse(prometheus_client.generate_latest(), content_type=prometheus_client.CONTENT_TYPE_LATEST)
