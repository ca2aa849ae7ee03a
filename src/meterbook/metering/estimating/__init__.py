"""What a time without readings is estimated from (B-20): pure functions, exact integers and fractions."""
