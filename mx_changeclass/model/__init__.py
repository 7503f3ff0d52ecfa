"""What a model is: units of rows, typed views of them, and the metamodel."""
