from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "meterbook.documents"
    label = "documents"
