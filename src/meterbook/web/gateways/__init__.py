"""Pages of field gateways, within the topology."""
