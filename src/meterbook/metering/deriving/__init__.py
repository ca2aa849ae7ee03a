"""From dirty marks to day blocks: what `operations.deriving` is made of. Only operations call it."""
