"""Update: train and embed, follow events, tune settings."""
