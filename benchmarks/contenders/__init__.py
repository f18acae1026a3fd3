"""Those that are measured: nbtrack, the floor, and the peers; each is loaded by a worker process of its own."""
