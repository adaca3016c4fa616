"""What the peers run, each in the environment of the peers; `stages` is the work that all do.

A server takes the JOURNAL_* settings of a worker and one argument, the port on loopback where it
serves, if it does.
"""

#: The environment variable with the file in which each process notes that it has loaded the stages.
READY_FILE = "BENCH_READY_FILE"
#: The environment variable with the folder for Ray's sockets and logs.
RAY_FOLDER = "BENCH_RAY_FOLDER"
