"""Image and audio encoders, and reading the media files of items."""
