"""BERT's forward pass without padding: the sequences of a batch laid end to end.

`sequences` lays them out, `linear` and `attention` compute, and `bert` makes the layers of them.
"""
