"""Event files of TensorBoard, read without TensorFlow."""
