"""Users and items one at a time: attributes, interests, corrections, exploration, erasure and export."""
