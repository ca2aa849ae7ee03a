"""URL root."""

from django.urls import include, path

from meterbook.api import document
from meterbook.web.keys import reference

# The screens and the API stand beside each other; the page about the API shows what the API says of itself.
reference.connect(document.of_modules)

urlpatterns = [
    path("accounts/", include("allauth.urls")),
    path("api/", include("meterbook.api.routes")),
    path("push/", include("meterbook.api.push.routes")),
    path("", include("meterbook.web.routes")),
]

handler400 = "meterbook.web.errors.bad_request"
handler403 = "meterbook.web.errors.permission_denied"
handler404 = "meterbook.web.errors.not_found"
handler500 = "meterbook.web.errors.server_error"
