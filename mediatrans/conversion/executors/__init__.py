"""Where tasks are done: in this process, in others, on other machines."""
