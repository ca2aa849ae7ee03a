from django.apps import AppConfig


class AcquisitionConfig(AppConfig):
    name = "meterbook.acquisition"
    label = "acquisition"
    default_auto_field = "django.db.models.BigAutoField"
