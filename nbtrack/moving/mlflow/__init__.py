"""What MLflow keeps, in folders, tables and behind servers: read, and written as MLflow does."""
