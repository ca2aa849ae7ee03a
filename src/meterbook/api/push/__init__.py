"""Where field gateways knock: `/push/v1/`. See docs/reference/push.md."""
