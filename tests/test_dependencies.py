"""pyproject.toml, requirements.lock and environment.yml say the same."""

import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent


def declared() -> dict[str, Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    return {(one := Requirement(line)).name.lower(): one for line in listed}


def locked() -> dict[str, list[str]]:
    versions: dict[str, list[str]] = {}
    for name, version in re.findall(r"(?m)^([A-Za-z0-9._-]+)==([^\s;\\]+)", lock_text()):
        versions.setdefault(name.lower(), []).append(version)
    return versions


def lock_text() -> str:
    return (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_the_lock_satisfies_every_declared_range() -> None:
    versions = locked()
    for name, requirement in declared().items():
        assert name in versions, f"{name} is not locked: run make lock"
        assert all(requirement.specifier.contains(version) for version in versions[name]), name


def test_conda_users_get_the_same_ranges() -> None:
    lines = re.findall(
        r"(?m)^\s+- ([A-Za-z0-9_-]+[=<>].*)$", (ROOT / "environment.yml").read_text(encoding="utf-8")
    )
    conda = {(one := Requirement(line)).name.lower(): one.specifier for line in lines}
    del conda["python"]
    assert conda == {name: requirement.specifier for name, requirement in declared().items()}


def test_the_lock_has_hashes_and_no_addresses() -> None:
    text = lock_text()
    entries = re.split(r"(?m)^(?=[A-Za-z0-9])", text)
    packages = [entry for entry in entries if re.match(r"[A-Za-z0-9._-]+==", entry)]
    assert len(packages) > 50
    assert all("--hash=sha256:" in entry for entry in packages)
    assert "://" not in text


def test_folium_is_pinned() -> None:
    assert str(declared()["folium"].specifier) == "==0.20.0"
