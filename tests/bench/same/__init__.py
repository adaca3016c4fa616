"""Whether the worker's stages give what plainer ones give: `python -m tests.bench.same FILE ...`.

`plain` makes the plainer ones, of Hugging Face's own forward passes and recognizers without gates;
`__main__` runs both over texts and counts the differences.
"""
