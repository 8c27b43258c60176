"""Write the shipped Pujin study: ``python -m geodata.generator [FOLDER]``."""

from __future__ import annotations

import argparse
from pathlib import Path

from .study import build, write


def main() -> None:
    """Write the study's generated files into a folder (default: geodata/pujin)."""
    parser = argparse.ArgumentParser(prog="python -m geodata.generator", description=main.__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).parents[1] / "pujin")
    write(build(), parser.parse_args().folder)


if __name__ == "__main__":
    main()
