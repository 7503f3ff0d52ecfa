"""Damaged and invented input for every reader: whatever comes, an answer, or one line of error."""
