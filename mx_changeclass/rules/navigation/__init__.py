"""Rules of navigation profiles."""
