from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "meterbook.web"
    label = "web"

    def ready(self) -> None:
        """This will connect what the sign-in library only signals, and what takes modules away at single sites."""
        from meterbook.web import access, second_step, site_modules

        second_step.connect()
        access.connect(site_modules.narrow)
