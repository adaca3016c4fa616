"""From scores to decisions: calibration, thresholds, figures with their intervals."""
