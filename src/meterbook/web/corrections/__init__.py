"""Bills calculated again, and what is decided about them."""
