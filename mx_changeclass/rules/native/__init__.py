"""Rules of the native app and what it brings."""
