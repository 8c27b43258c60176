"""Starting JupyterLab for one person on this computer: loopback only, nothing asked of the network."""

import os
import subprocess
import sys
from pathlib import Path

CONFIG = Path(__file__).parent / "config"
"""Settings of the interface: no news, no look-up of updates, no extension manager."""


def lab_command(
    folder: Path, *, first: str = "00_tour.ipynb", browser: bool = True, port: int | None = None
) -> list[str]:
    """Return the command that serves a folder of notebooks.

    Args:
        folder: what the file browser shows; notebooks run in it.
        first: the notebook that is opened.
        browser: open the computer's browser.
        port: on which to listen; JupyterLab looks for a free one from 8888 if absent.

    >>> [word for word in lab_command(Path("working")) if "ip=" in word]
    ['--ServerApp.ip=127.0.0.1']
    """
    return [
        *(sys.executable, "-m", "jupyterlab"),
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={folder.resolve()}",
        f"--LabApp.default_url=/lab/tree/{first}",
        "--LabApp.extension_manager=readonly",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.news_url=None",
        *([] if browser else ["--no-browser"]),
        # In a container everybody is root, and only this computer is served.
        *(["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
        *([] if port is None else [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]),
    ]


def lab_environment() -> dict[str, str]:
    """Return the environment of the server: this package's settings before those of the computer."""
    known = os.environ.get("JUPYTER_CONFIG_PATH")
    paths = [str(CONFIG), *([known] if known else [])]
    return os.environ | {"JUPYTER_CONFIG_PATH": os.pathsep.join(paths)}


def run_lab(folder: Path, *, browser: bool = True, port: int | None = None) -> int:
    """Run JupyterLab until it is stopped, and return its exit status."""
    try:
        return subprocess.run(
            lab_command(folder, browser=browser, port=port), env=lab_environment(), check=False
        ).returncode
    except KeyboardInterrupt:
        return 0
