"""Files as people have them: encodings, delimiters, headers, and the many ways to write labels."""
