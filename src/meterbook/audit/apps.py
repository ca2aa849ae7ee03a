from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "meterbook.audit"
    label = "audit"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from meterbook.audit import operations
        from meterbook.identity import trail

        trail.connect(operations.record)
