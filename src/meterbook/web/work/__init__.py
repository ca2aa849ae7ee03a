"""My work: everything that waits for the reader, from all parts of the product, in one list."""
