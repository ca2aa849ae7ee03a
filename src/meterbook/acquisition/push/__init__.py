"""What a gateway sends and how it proves that it was it: signatures, batches, sequences, codes. Pure Python."""
