"""MLflow's REST over a store: what the unmodified ``mlflow`` client, and those of other languages, talk to."""
