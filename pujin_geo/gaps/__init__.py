"""What is not met to what can be done: gap areas, detours, idle spaces, requirements."""
