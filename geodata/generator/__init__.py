"""The seeded generator of the shipped Pujin study: a schematic reconstruction, not a survey.

Run from the top of the repository: ``python -m geodata.generator [FOLDER]``. All working coordinates are
metres in EPSG:32651 less the origin ``frame.ORIGIN``; the written files are WGS84.
"""
