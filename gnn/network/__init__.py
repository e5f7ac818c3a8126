"""The graph neural network: its data, model, features, sampler and registry."""
