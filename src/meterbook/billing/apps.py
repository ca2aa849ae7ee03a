from django.apps import AppConfig


class BillingConfig(AppConfig):
    name = "meterbook.billing"
    label = "billing"
