"""A verdict as text, one file a format."""
