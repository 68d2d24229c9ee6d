"""What docs/scale.md gives to copy is as it should be, as far as that shows without a cluster."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from archiver import __version__
from archiver.app.workers.cluster.cluster_checks import MOST_FILES
from archiver.app.workers.cluster.cluster_runner import MOST_AT_ONCE
from archiver.cli.main import cli
from archiver.config.registry import BY_NAME

FENCED = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
KINDS = ["ConfigMap", "Service", "Deployment", "Deployment", "CronJob"]
VARIABLES = re.compile(r"\bARCHIVER_[A-Z_]+")


@pytest.fixture
def blocks(root: Path) -> list[tuple[str, str]]:
    """Return the blocks of the page, each with its kind."""
    return FENCED.findall((root / "docs" / "scale.md").read_text("utf-8"))


def test_every_script_is_one_that_a_shell_reads(blocks: list[tuple[str, str]]) -> None:
    scripts = [text for kind, text in blocks if kind == "sh"]
    assert len(scripts) == len(blocks) - 1
    for each in scripts:
        read = subprocess.run(["sh", "-n"], input=each, text=True, capture_output=True, check=False)
        assert (read.returncode, read.stderr) == (0, ""), each


def test_the_objects_of_kubernetes_fit_each_other(blocks: list[tuple[str, str]]) -> None:
    (text,) = (text for kind, text in blocks if kind == "yaml")
    settings, service, *running = yaml.safe_load_all(text)
    assert [each["kind"] for each in (settings, service, *running)] == KINDS
    pods = [_pod(each["spec"]) for each in running]
    for pod in pods:
        (container,) = pod["containers"]
        assert container["image"].endswith(f":{__version__}")
        assert container["envFrom"] == [{"configMapRef": {"name": settings["metadata"]["name"]}}]
        mounted = {each["name"] for each in container["volumeMounts"]}
        assert mounted == {each["name"] for each in pod["volumes"]}
    address = f"tls://{service['metadata']['name']}:{service['spec']['ports'][0]['port']}"
    scheduler, worker, pull = (each["containers"][0] for each in pods)
    assert address in worker["args"]
    assert address in pull["args"]
    assert str(service["spec"]["ports"][0]["port"]) in scheduler["args"]
    labels = running[0]["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"] == labels
    with_token = [each for each in (scheduler, worker, pull) if "ARCHIVER_TOKEN" in str(each)]
    assert with_token == [pull]


def _pod(spec: Any) -> Any:  # noqa: ANN401 - as YAML has it
    """Return what runs of a deployment, or of a job at its times."""
    inner = spec["jobTemplate"]["spec"] if "jobTemplate" in spec else spec
    return inner["template"]["spec"]


def test_what_the_page_names_is_there(root: Path) -> None:
    page = (root / "docs" / "scale.md").read_text("utf-8")
    for name in set(VARIABLES.findall(page)) - {"ARCHIVER_TOKEN"}:
        assert name.removeprefix("ARCHIVER_").lower() in BY_NAME, name
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    assert "recording-archiver[dask]" in page
    assert "dask" in project["optional-dependencies"]
    assert MOST_AT_ONCE == 8, "eight, as the page says"
    assert MOST_FILES == 32, "32, as the page says"
    for command in ("pull", "verify"):
        assert "--dask" in CliRunner().invoke(cli, [command, "--help"]).output
