"""Parts of the product switched on and off, for the organization and for single sites."""
