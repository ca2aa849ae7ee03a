from django.apps import AppConfig


class MeteringConfig(AppConfig):
    name = "meterbook.metering"
    label = "metering"
