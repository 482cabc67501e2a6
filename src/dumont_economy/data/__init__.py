"""Facts the package ships, each row with its source: GPU models, price book, billing rules."""
