"""What people add to a model: labels, normalization, names and descriptions of inputs and outputs."""
