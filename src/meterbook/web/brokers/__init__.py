"""Pages of brokers."""
