import importlib

from django.apps import AppConfig


class ConfigConfig(AppConfig):
    name = "meterbook.config"
    label = "config"

    def ready(self) -> None:
        from meterbook.config import subscriptions

        # Every process must know the jobs' names: the web server defers what the worker runs.
        importlib.import_module("meterbook.jobs.declarations")
        subscriptions.connect()
