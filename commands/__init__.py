"""The commands behind `interestgraph`, a module for each subject."""
