"""What each panel has to say: of the queue, of the workers and of the gateway; `checks` has all."""
