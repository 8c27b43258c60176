"""Run the command line as ``python -m pujin_geo``."""

from .cli import main

main()
