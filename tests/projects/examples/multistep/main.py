"""Runs the steps one after the other: each is a run inside this one, and has the files of the one before."""

import sys

import nbtrack.projects

with nbtrack.start_run():
    loaded = nbtrack.projects.run(".", "load", parameters={"rows": sys.argv[2]}, env_manager="local")
    trained = nbtrack.projects.run(
        ".", "train", parameters={"table": f"runs:/{loaded.run_id}/tables/numbers.csv"}, env_manager="local"
    )
    nbtrack.log_metric("sum", nbtrack.get_run(trained.run_id).data.metrics["sum"])
