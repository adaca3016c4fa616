"""Fine-tuning an encoder: its model, its loss, the loop, and what the loop calls back."""
