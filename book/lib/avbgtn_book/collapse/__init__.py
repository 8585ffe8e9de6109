"""What the chapter on mode collapse adds: cures of a collapsed generator, and the games that compare them."""
