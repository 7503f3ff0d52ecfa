"""How values, changes and verdicts are put in words: one phrase for one fact, wherever it is told."""
