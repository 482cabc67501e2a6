"""The HTTP way in: a blueprint per resource, typed requests and answers."""
