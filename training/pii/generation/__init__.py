"""Generated examples for the tagger: templates, what fills them, and how they are written."""
