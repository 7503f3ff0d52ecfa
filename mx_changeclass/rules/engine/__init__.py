"""What a rule is, what it may ask, and how all of them are asked."""
