"""All tests; a package, so that its name is not taken for that of a dependency's tests."""
