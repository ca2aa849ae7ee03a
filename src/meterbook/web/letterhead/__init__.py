"""What stands at the head of an organization's documents."""
