"""What differs and means nothing."""
