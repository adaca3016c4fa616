"""The scenes, by the stack that serves them."""
