"""The CronJob: it fits what Kubernetes takes, runs without rights, and shows no secret."""

import json
from datetime import time
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, ValidationError

from archiver.app.setup.schedule import Job
from archiver.cli.setup.units.kubernetes import manifest
from archiver.errors import UsageError

SCHEMA = Path(__file__).with_name("cronjob.schema.json")


def cronjob(archive: str = "/srv/archive", *, names_archive: bool = False) -> dict[str, Any]:
    config = Path("/home/somebody/archiver.toml")
    job = Job(Path("/bin/archiver"), config, archive, time(2, 30), 7, names_archive=names_archive)
    document: dict[str, Any] = json.loads(manifest([job], "registry.example/archiver:1"))
    return document


def container(document: dict[str, Any]) -> dict[str, Any]:
    pod = document["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    only: dict[str, Any] = pod["containers"][0]
    return only


@pytest.fixture(scope="module")
def schema() -> Draft202012Validator:
    document = json.loads(SCHEMA.read_bytes())
    return Draft202012Validator(document)


@pytest.mark.parametrize("archive", ["/srv/archive", "s3://calls/2026"])
def test_it_fits_the_schema(schema: Draft202012Validator, archive: str) -> None:
    assert [*schema.iter_errors(cronjob(archive, names_archive=True))] == []


def test_the_schema_refuses_what_kubernetes_would(schema: Draft202012Validator) -> None:
    document = cronjob()
    document["spec"]["jobTemplate"]["spec"]["template"]["spec"]["restartPolicy"] = "Always"
    with pytest.raises(ValidationError):
        schema.validate(document)
    document = cronjob()
    container(document)["volumeMount"] = container(document).pop("volumeMounts")
    with pytest.raises(ValidationError):
        schema.validate(document)


def test_it_begins_once_at_a_time_and_catches_up() -> None:
    spec = cronjob()["spec"]
    assert (spec["schedule"], spec["timeZone"]) == ("37 2 * * *", "Etc/UTC")
    assert (spec["concurrencyPolicy"], spec["startingDeadlineSeconds"]) == ("Forbid", 21_600)


def test_only_what_may_pass_is_tried_again() -> None:
    job = cronjob()["spec"]["jobTemplate"]["spec"]
    (rule,) = job["podFailurePolicy"]["rules"]
    assert (rule["action"], rule["onExitCodes"]["operator"]) == ("FailJob", "NotIn")
    assert rule["onExitCodes"]["values"] == [4, 5, 130]
    assert job["backoffLimit"] > 0


def test_the_archive_is_a_volume_where_the_settings_say() -> None:
    only = container(cronjob())
    assert only["args"] == ["pull", "--config", "/etc/archiver/archiver.toml"]
    assert {"name": "data", "mountPath": "/srv/archive"} in only["volumeMounts"]
    assert [each["name"] for each in only["env"]] == ["ARCHIVER_TOKEN"]


def test_for_a_bucket_the_state_is_a_volume() -> None:
    only = container(cronjob("s3://calls/2026"))
    assert {"name": "data", "mountPath": "/var/lib/archiver"} in only["volumeMounts"]
    assert {"name": "XDG_STATE_HOME", "value": "/var/lib/archiver"} in only["env"]


def test_the_token_comes_from_the_secret_only() -> None:
    (token, *_) = container(cronjob())["env"]
    assert token == {
        "name": "ARCHIVER_TOKEN",
        "valueFrom": {"secretKeyRef": {"name": "archiver", "key": "token"}},
    }


def test_names_are_not_expanded() -> None:
    only = container(cronjob("/srv/$(ARCHIVER_TOKEN)", names_archive=True))
    assert only["args"][-1] == "/srv/$$(ARCHIVER_TOKEN)"
    with pytest.raises(UsageError, match="path of a volume"):
        cronjob("/srv/a:b")
