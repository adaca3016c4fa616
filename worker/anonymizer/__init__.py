"""The anonymizer: finds personal data in a batch of texts and replaces it."""
