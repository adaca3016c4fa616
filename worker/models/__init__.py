"""Model folders: verifying, loading, precision, and how texts become batches of tokens."""
