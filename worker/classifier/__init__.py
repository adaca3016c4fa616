"""The classifier: scores anonymized texts for every label, with the evidence."""
