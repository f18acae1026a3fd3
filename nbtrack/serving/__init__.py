"""One model behind HTTP, in MLflow's scoring protocol; and tables scored in chunks."""
