"""Changes and rules to one verdict."""
