"""Starting, watching and stopping the target as a process of its own."""
