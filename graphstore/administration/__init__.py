"""What operators ask: the doctor's report, estimates, exposure of items, API keys."""
