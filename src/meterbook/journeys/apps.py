from django.apps import AppConfig


class JourneysConfig(AppConfig):
    name = "meterbook.journeys"
    label = "journeys"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """This will answer for billed time when readings are changed."""
        from meterbook.journeys import filling
        from meterbook.metering import second

        second.register(filling.needs_second)
