from django.apps import AppConfig, apps


class IdentityConfig(AppConfig):
    name = "meterbook.identity"
    label = "identity"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from meterbook.identity import registry

        registry.collect(each.name for each in apps.get_app_configs() if each.name.startswith("meterbook."))
