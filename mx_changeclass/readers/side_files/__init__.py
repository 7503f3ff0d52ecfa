"""The files beside a model, a reader a kind."""
