"""Rules of the app as a whole: versions, modules, settings, files."""
