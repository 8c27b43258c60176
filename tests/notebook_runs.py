"""Notebooks run as a planner runs them: in a working copy, with every way to the network shut."""

import os
import shutil
import sys
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from pujin_geo.lab.working import make_working_copy

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))

SHUT = '''
"""Imported by every Python that starts with this folder on its path: sockets reach this computer only."""
import ipaddress
import socket

LOCAL_NAMES = {"localhost", "", None}


def refuse(host):
    text = host.decode() if isinstance(host, bytes) else host
    if text in LOCAL_NAMES:
        return
    try:
        if ipaddress.ip_address(text).is_loopback:
            return
    except ValueError:
        pass
    raise PermissionError(f"no network in tests: {text}")


def shut(name):
    plain = getattr(socket.socket, name)

    def guarded(self, address, *rest):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            refuse(address[0] if isinstance(address, tuple) else address)
        return plain(self, address, *rest)

    setattr(socket.socket, name, guarded)


for name in ("connect", "connect_ex"):
    shut(name)
look_up = socket.getaddrinfo


def getaddrinfo(host, *rest, **more):
    refuse(host)
    return look_up(host, *rest, **more)


socket.getaddrinfo = getaddrinfo
'''


def shut_environment(folder: Path) -> dict[str, str]:
    """Return an environment in which a Python process, and any that it starts, has no network."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(SHUT, encoding="utf-8")
    paths = [str(folder), str(ROOT), *os.environ.get("PYTHONPATH", "").split(os.pathsep)]
    return os.environ | {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}


def working_copy(folder: Path) -> Path:
    """Return a working copy of the shipped notebooks, its ``../geodata`` the checkout's (copied, not linked)."""
    return make_working_copy(folder, root=ROOT)[0]


def run(
    document: Any, folder: Path, *, parameters: dict[str, Any] | None = None, allow_errors: bool = False
) -> Any:
    """Run a notebook in a folder, errors fatal unless allowed, and return it with its outputs."""
    for cell in document.cells:
        if parameters and "parameters" in cell.metadata.get("tags", []):
            cell.source += "".join(f"\n{name} = {value!r}" for name, value in parameters.items())
    client = NotebookClient(
        document, timeout=300, allow_errors=allow_errors, resources={"metadata": {"path": str(folder)}}
    )
    client.execute(env=shut_environment(folder / ".shut"))
    return document


def papermill(notebook: Path, folder: Path, parameters: dict[str, Any]) -> Any:
    """Run a notebook as the papermill command does and return it with its outputs."""
    import subprocess  # noqa: PLC0415

    out = folder / f"{notebook.stem}_done.ipynb"
    given = [word for name, value in parameters.items() for word in ("-p", name, str(value))]
    command = [sys.executable, "-W", "ignore", "-m", "papermill", str(notebook), str(out), *given]
    done = subprocess.run(
        [*command, "--cwd", str(folder), "--no-progress-bar"],
        env=shut_environment(folder / ".shut"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return nbformat.read(out, as_version=4)


def shown(*cells: Any) -> str:
    """Return all that cells show, as text."""
    parts = []
    for cell in cells:
        for output in cell.get("outputs", []):
            parts += [output.get("text", ""), *output.get("traceback", [])]
            data = output.get("data", {})
            parts += [data.get("text/html", ""), data.get("text/plain", "")]
    return "\n".join(parts)


def copy_study(name: str, folder: Path) -> Path:
    """Return a copy of a shipped study."""
    return Path(shutil.copytree(ROOT / "geodata" / name, folder / name))
