"""A run with one run inside it for each value, as MLflow nests them."""

import argparse

import mlflow

parser = argparse.ArgumentParser()
parser.add_argument("--alphas")
given = parser.parse_args().alphas
alphas = [float(text) for text in given.split(",")]

with mlflow.start_run():
    for alpha in alphas:
        with mlflow.start_run(nested=True):
            mlflow.log_param("alpha", alpha)
            mlflow.log_metric("loss", (alpha - 0.3) ** 2)
    mlflow.log_metric("tried", len(alphas))
    mlflow.log_text(f"{given}\n", "tried.txt")
