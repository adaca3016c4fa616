"""The child process: carries a batch through the stages."""
