"""What nbtrack is to other tools: MLflow finds it by its entry points.

Nothing in nbtrack imports this room, and this room alone imports MLflow.
"""
