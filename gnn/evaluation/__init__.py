"""Offline evaluation: metrics, confidence intervals, splits and baselines."""
