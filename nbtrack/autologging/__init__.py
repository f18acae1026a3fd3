"""What libraries do is recorded by itself: one file a library, on the library's own callbacks where it has some.

``switch`` turns it on and off, ``arrivals`` waits for libraries that are imported later, ``hooks`` stand before their
methods and functions, and ``fits`` opens and ends the run around a training. Nothing here raises into a training, or
changes what it does.
"""
