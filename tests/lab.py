"""JupyterLab on a folder of its own, in a Chromium that knows no host but this one."""

import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import nbformat
from browser import ARGUMENTS
from playwright.sync_api import Browser, Locator, Page, Request

from pujin_geo.lab.server import lab_command, lab_environment

HERE = "127.0.0.1"
LAB_ARGUMENTS = [a for a in ARGUMENTS if not a.startswith("--host-resolver-rules")] + [
    f"--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE {HERE}"
]
"""Chromium's arguments for a page that a server on this machine sends."""

PATIENCE_S = 90
_TOKEN = "tests"


@dataclass
class Lab:
    """A running JupyterLab; ``folder`` is what it shows."""

    folder: Path
    url: str

    def notebook(self, name: str, cells: Sequence[str]) -> str:
        """Write a notebook of code cells into the folder and return its name."""
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        nbformat.write(made, self.folder / name)
        return name


@dataclass
class LabPage:
    """A notebook that is open in the browser, and the requests that would leave this machine."""

    page: Page
    remote: list[str] = field(default_factory=list)

    def run_all(self) -> None:
        """Run every cell, and again while the first call is lost on a kernel that is still starting."""
        for _ in range(8):
            dialog = self.page.locator(".jp-Dialog")
            if dialog.count():  # which kernel? asked when it is not up yet
                dialog.locator(".jp-mod-accept").first.click()
            self.page.get_by_role("menuitem", name="Run", exact=True).click()
            self.page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
            for _ in range(8):
                prompts = self.page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
                if any(re.search(r"\[(\*|\d+)\]", prompt) for prompt in prompts):
                    return
                self.page.wait_for_timeout(500)
        raise AssertionError("the notebook did not start to run")

    def output(self, selector: str) -> Locator:
        """Return the first element in an output, once it is there; fail with what the notebook says instead."""
        found = self.page.locator(f".jp-OutputArea-output {selector}").first
        try:
            found.wait_for(state="visible", timeout=PATIENCE_S * 1000)
        except Exception as error:
            said = self.page.locator(".jp-OutputArea-output").all_inner_texts()
            raise AssertionError(f"no {selector}; the outputs say: {said}") from error
        return found


@contextmanager
def jupyter_lab(folder: Path, *, as_planners_do: bool = False) -> Iterator[Lab]:
    """Serve a folder on a free port of this machine, with settings of its own; the server ends with the block.

    ``as_planners_do``: with the command and the settings of ``pujin-geo lab`` and no others.
    """
    with socket.socket() as probe:
        probe.bind((HERE, 0))
        port = probe.getsockname()[1]
    own = folder / ".jupyter"
    own.mkdir(parents=True, exist_ok=True)
    settings = own / "overrides" / "@jupyterlab" / "apputils-extension"
    settings.mkdir(parents=True)
    if not as_planners_do:
        (settings / "notification.jupyterlab-settings").write_text(
            json.dumps({"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True}),
            encoding="utf-8",
        )
    environment = {
        **(lab_environment() if as_planners_do else os.environ),
        "JUPYTER_CONFIG_DIR": str(own / "config"),
        "JUPYTER_DATA_DIR": str(own / "data"),
        "JUPYTER_RUNTIME_DIR": str(own / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(own / "overrides"),
        "JUPYTERLAB_WORKSPACES_DIR": str(own / "workspaces"),
        "IPYTHONDIR": str(own / "ipython"),
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parent.parent), os.environ.get("PYTHONPATH", "")]),
    }
    command = [
        sys.executable, "-m", "jupyter", "lab", "--no-browser", f"--ip={HERE}", f"--port={port}",
        "--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder}",
    ]  # fmt: skip
    if as_planners_do:
        command = lab_command(folder, browser=False, port=port)
    command += ["--allow-root"] if "--allow-root" not in command else []
    command += [f"--IdentityProvider.token={_TOKEN}"]
    log = (own / "server.log").open("wb")
    server = subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)
    url = f"http://{HERE}:{port}"
    try:
        _await(server, url, own / "server.log")
        yield Lab(folder, url)
    finally:
        server.terminate()
        try:
            server.wait(timeout=20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        log.close()


def _await(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    for _ in range(PATIENCE_S * 4):
        assert server.poll() is None, log.read_text(encoding="utf-8", errors="replace")[-2000:]
        try:
            urllib.request.urlopen(f"{url}/api?token={_TOKEN}", timeout=2).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.25)
    raise AssertionError("JupyterLab did not start")


@contextmanager
def lab_page(
    browser: Browser, lab: Lab, notebook: str, *, width: int = 1440, height: int = 900
) -> Iterator[LabPage]:
    """Open a notebook alone in JupyterLab, at the size of an office screen."""
    context = browser.new_context(viewport={"width": width, "height": height})
    page = context.new_page()
    opened = LabPage(page)

    def on_request(request: Request) -> None:
        if not request.url.startswith((lab.url, lab.url.replace("http:", "ws:"), "data:", "blob:", "about:")):
            opened.remote.append(request.url[:200])

    page.on("request", on_request)
    page.goto(f"{lab.url}/lab/tree/{quote(notebook)}?token={_TOKEN}&reset")
    for part in (".jp-Notebook", ".jp-Toolbar-kernelName:has-text('Python 3')"):
        page.locator(part).first.wait_for(state="visible", timeout=PATIENCE_S * 1000)
    try:
        yield opened
    finally:
        context.close()
