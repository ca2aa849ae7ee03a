from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "meterbook.web"
    label = "web"
