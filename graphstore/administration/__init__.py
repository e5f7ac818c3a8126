"""Administration: the doctor, estimates of size, exposure of items, API keys."""
