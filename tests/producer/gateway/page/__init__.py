"""Tests of the page. A package, so that one browser can serve all of them and end with them."""
