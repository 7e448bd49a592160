"""Found here by pytest, which puts this folder on the path: every test can import samples.py."""
