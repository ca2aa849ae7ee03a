"""Routes of field gateways, below the topology of an organization."""

from __future__ import annotations

from django.urls import URLPattern, path

from meterbook.web.gateways import bus_meters, carrier, changes, lines, sheet, views

urlpatterns: list[URLPattern] = [
    path("", views.gateways, name="gateways"),
    path("new", changes.new, name="gateway_new"),
    path("<uuid:gateway>/", views.gateway, name="gateway"),
    path("<uuid:gateway>/change", changes.change, name="gateway_change"),
    path("<uuid:gateway>/carrier", carrier.carrier, name="gateway_carrier"),
    path("<uuid:gateway>/code", changes.code, name="gateway_code"),
    path("<uuid:gateway>/meters", changes.meters, name="gateway_meters"),
    path("<uuid:gateway>/meters/remove", changes.remove_meter, name="gateway_meter_remove"),
    path("<uuid:gateway>/wiring.pdf", sheet.wiring_sheet, name="gateway_wiring"),
    path("<uuid:gateway>/buses/new", lines.new_bus, name="gateway_bus_new"),
    path("<uuid:gateway>/brokers/new", lines.new_broker, name="gateway_broker_new"),
    path("<uuid:gateway>/devices/many", bus_meters.bus_meters, name="gateway_bus_meters"),
    path("<uuid:gateway>/devices/new", lines.new_device, name="gateway_device_new"),
    path("<uuid:gateway>/exchange-key", changes.exchange_key, name="gateway_exchange_key"),
    path("<uuid:gateway>/revoke", changes.revoke, name="gateway_revoke"),
    path("<uuid:gateway>/settle", changes.settle, name="gateway_settle"),
]
