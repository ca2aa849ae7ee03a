from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "meterbook.billing"
    label = "billing"

    def ready(self) -> None:
        """This will keep the day blocks that bills were made from when readings change them, and find holidays."""
        from meterbook.billing import holidays
        from meterbook.billing.correcting import keeping
        from meterbook.metering.deriving import former
        from meterbook.tariffs import sources

        former.register(keeping.keep)
        sources.provide(holidays.calendars)
