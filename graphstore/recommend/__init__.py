"""Recommend: the serving cache, ranked lists, and the paths and sentences that explain them."""
