"""Places that run plans: this machine, a Dask cluster, SLURM, Kubernetes."""
