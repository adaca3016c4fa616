"""`make soak-all`: everything together for an hour, with faults: is memory flat, and is nothing lost?

`run` is the command. `scene` is the system, `load` what is submitted and read, `faults` what befalls the
processes, `memory` what they hold, and `canaries` looks for what may stand nowhere.
"""
