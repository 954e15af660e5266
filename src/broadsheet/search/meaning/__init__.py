"""The index of vectors: columns, codes and cells, and how the nearest are found. Who makes vectors: ``encoders``."""
