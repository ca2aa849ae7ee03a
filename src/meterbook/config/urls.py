"""URL root."""

from django.urls import include, path

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("", include("meterbook.web.routes")),
]

handler400 = "meterbook.web.errors.bad_request"
handler403 = "meterbook.web.errors.permission_denied"
handler404 = "meterbook.web.errors.not_found"
handler500 = "meterbook.web.errors.server_error"
