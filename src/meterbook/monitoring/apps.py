from django.apps import AppConfig


class MonitoringConfig(AppConfig):
    name = "meterbook.monitoring"
    label = "monitoring"
