"""What a receiver gets: plain files for whoever knows nothing of archives. Nothing here reads one.

Rows and facts come in as values, lines and documents go out; only the zip file is written here.
"""
