from django.apps import AppConfig


class TariffsConfig(AppConfig):
    name = "meterbook.tariffs"
    label = "tariffs"
