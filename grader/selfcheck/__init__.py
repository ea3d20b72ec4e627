"""The course checks itself: stubs fail, references pass, mistakes are caught and named."""
