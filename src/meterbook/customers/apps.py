from django.apps import AppConfig


class CustomersConfig(AppConfig):
    name = "meterbook.customers"
    label = "customers"
