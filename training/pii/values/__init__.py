"""Values for the slots of templates: names, places, numbers and words of lists."""
