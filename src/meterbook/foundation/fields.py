"""What migrations may import from Meterbook (conventions 37): nothing else."""
