"""Rules of what devices keep and how it is synchronised."""
