"""What a run is expected to reach: ``acc >= best - 0.005``, judged against the runs before it."""
