"""How the organization is set up, and what a person wants to be told."""
