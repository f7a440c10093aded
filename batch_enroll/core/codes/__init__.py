"""One record for each code that a row can carry, with its meaning, causes and remedy."""
