"""What is made of entries before a model learns from them."""
