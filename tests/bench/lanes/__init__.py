"""What a flood in one lane costs the entries of another.

`measure` takes turns between an interactive lane by itself and the same lane beside a flood of bulk
entries, on a worker whose stand-in stages take as long for a batch as a device does.
"""
