from django.apps import AppConfig


class InstallationConfig(AppConfig):
    name = "meterbook.installation"
    label = "installation"
