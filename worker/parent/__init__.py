"""The parent process: gathers claimed entries, feeds the children and watches over them."""
