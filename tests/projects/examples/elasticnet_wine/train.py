"""A linear model of how good a wine is, as MLflow's first example has it: nothing here knows of nbtrack."""

import sys

import mlflow
import numpy as np
from sklearn.linear_model import ElasticNet
from sklearn.metrics import mean_absolute_error, mean_squared_error, r2_score

alpha = float(sys.argv[1]) if len(sys.argv) > 1 else 0.5
l1_ratio = float(sys.argv[2]) if len(sys.argv) > 2 else 0.5

random = np.random.default_rng(40)
features = random.normal(size=(200, 4))
quality = features @ [1.0, -2.0, 0.0, 0.5] + random.normal(scale=0.1, size=200)

with mlflow.start_run():
    model = ElasticNet(alpha=alpha, l1_ratio=l1_ratio, random_state=42).fit(features[:150], quality[:150])
    predicted = model.predict(features[150:])
    mlflow.log_metric("rmse", float(np.sqrt(mean_squared_error(quality[150:], predicted))))
    mlflow.log_metric("mae", float(mean_absolute_error(quality[150:], predicted)))
    mlflow.log_metric("r2", float(r2_score(quality[150:], predicted)))
    mlflow.log_text("alpha,l1_ratio\n", "table.csv")
    print(f"ElasticNet (alpha={alpha:f}, l1_ratio={l1_ratio:f})")
