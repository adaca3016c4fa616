"""The HTTP side: routes, who may call them, what is refused and how."""
