"""Kubernetes, by stand-ins for kubectl and docker that record what they are asked: Jobs, images, states, and what is refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from nbtrack.entities import RunStatus
from nbtrack.environments.wanted import Wanted
from nbtrack.errors import InvalidValueError, NbtrackError
from nbtrack.projects.backends import kubernetes
from nbtrack.projects.backends.kubernetes import KubernetesBackend
from nbtrack.projects.plan import Plan

STAND_IN = Path(__file__).parent / "stand_ins" / "kubectl.py"
TEMPLATE = """
apiVersion: batch/v1
kind: Job
metadata:
  name: "{replaced with MLflow Project name}"
  namespace: mlflow
  labels: {team: vision}
spec:
  ttlSecondsAfterFinished: 100
  template:
    spec:
      containers:
      - name: "{replaced}"
        image: "{replaced}"
        command: ["{replaced}"]
        env: [{name: MLFLOW_RUN_ID, value: old}, {name: TOKEN, valueFrom: {secretKeyRef: {name: s, key: t}}}]
        resources: {limits: {memory: 512Mi}}
"""


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch) -> Path:
    place, programs = tmp_path / "cluster", tmp_path / "bin"
    place.mkdir()
    programs.mkdir()
    for name in ("kubectl", "docker"):
        (programs / name).write_text(f"#!{sys.executable} -S\n{STAND_IN.read_text()}")
        (programs / name).chmod(0o755)
    (tmp_path / "job.yaml").write_text(TEMPLATE)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("KUBE_STAND_IN", str(place))
    monkeypatch.setattr("nbtrack.projects.backends.polled.FIRST_POLL_S", 0.0)
    return place


def plan(folder: Path, config=None, store: str = "https://track.example", **more) -> Plan:
    told = {"kube-job-template-path": str(folder / "job.yaml"), "repository-uri": "team/train", **(config or {})}
    variables = {
        "MLFLOW_RUN_ID": "r" * 32,
        "MLFLOW_TRACKING_URI": store,
        "PATH": "/here",
        "MLFLOW_TRACKING_PASSWORD": "secret",
    }
    tags = {"nbtrack.project.name": "Wine Quality!"}
    return Plan(
        "a" * 32,
        store,
        folder,
        "main",
        Wanted(),
        image="python:3.12",
        variables=variables,
        tags=tags,
        config=told,
        **more,
    )


def calls(cluster: Path) -> list[list]:
    return [json.loads(line) for line in (cluster / "calls").read_text().splitlines()]


def test_a_job_is_made_from_the_template_and_words_stay_words(cluster: Path, tmp_path: Path):
    asked = plan(
        tmp_path, {"kube-context": "prod"}, argv=("python", "train.py", "$(TOKEN); `x` $$", f"{tmp_path}/data.csv")
    )
    job = KubernetesBackend().submit(asked)
    build, push, inspect, create = calls(cluster)
    assert build[:2] == ["docker", ["build", "--tag", f"team/train:{'a' * 12}", "--file", "-", str(tmp_path)]]
    assert build[2].startswith("FROM python:3.12\nCOPY . /mlflow/projects/code\n")
    assert (push[1][0], inspect[1][:2]) == ("push", ["image", "inspect"])
    assert create[1] == ["--context=prod", "--namespace=mlflow", "create", "--filename=-", "--output=name"]
    made = json.loads(create[2])
    assert made["metadata"]["name"] == job.job_id
    assert job.job_id.startswith("wine-quality-")
    assert len(job.job_id) <= 63
    assert made["metadata"]["labels"]["team"] == "vision"
    assert made["spec"]["ttlSecondsAfterFinished"] == 100
    assert made["spec"]["backoffLimit"] == 0
    [container] = made["spec"]["template"]["spec"]["containers"]
    assert container["image"] == "team/train@sha256:abc"
    assert container["command"] == ["python", "train.py", "$$(TOKEN); `x` $$$$", "/mlflow/projects/code/data.csv"]
    assert container["resources"] == {"limits": {"memory": "512Mi"}}
    values = {each["name"]: each.get("value", each.get("valueFrom")) for each in container["env"]}
    assert values["MLFLOW_RUN_ID"] == "r" * 32
    assert values["TOKEN"] == {"secretKeyRef": {"name": "s", "key": "t"}}
    assert values["NBTRACK_TRACKING_URI"] == "https://track.example"
    assert not {"PATH", "MLFLOW_TRACKING_PASSWORD"} & values.keys()


def test_a_notebook_runs_with_the_python_of_the_image(cluster: Path, tmp_path: Path):
    asked = plan(tmp_path, {"image": "team/ready:1"}, notebook=tmp_path / "a.ipynb", python=Path("/here/bin/python"))
    made = kubernetes.job(asked, "team/ready:1", "https://track.example")
    command = made["spec"]["template"]["spec"]["containers"][0]["command"]
    assert command[:3] == ["python", "-m", "nbtrack.projects.notebook_job"]
    assert json.loads(command[3]) == {"notebook": "/mlflow/projects/code/a.ipynb", "parameters": {}, "python": None}


def test_states_are_asked_for_until_one_is_final(cluster: Path, tmp_path: Path):
    job = KubernetesBackend().submit(plan(tmp_path, {"image": "i"}, argv=("python",)))
    assert job.status == RunStatus.RUNNING
    (cluster / "away").touch()
    assert job.status == RunStatus.RUNNING
    (cluster / "away").unlink()
    (cluster / "job").write_text(json.dumps({"status": {"conditions": [{"type": "Failed", "status": "True"}]}}))
    assert (job.wait(), job.exit_code, job.output()) == (RunStatus.FAILED, 3, "printed by the pod\n")


def test_a_job_that_ends_well_or_is_deleted(cluster: Path, tmp_path: Path):
    asked = plan(tmp_path, {"image": "i"}, argv=("python",))
    job = KubernetesBackend().submit(asked)
    (cluster / "job").write_text(json.dumps({"status": {"conditions": [{"type": "Complete", "status": "True"}]}}))
    assert (job.wait(), job.exit_code) == (RunStatus.FINISHED, 0)
    job.cancel()
    assert not any("delete" in words for _, words, _ in calls(cluster))
    job = KubernetesBackend().submit(asked)
    job.cancel()
    assert job.status == RunStatus.KILLED
    assert "--cascade=foreground" in next(words for _, words, _ in calls(cluster) if "delete" in words)


def test_pods_need_a_server(cluster: Path, tmp_path: Path, monkeypatch):
    asked = plan(tmp_path, {"image": "i"}, store="/home/me/runs.duckdb", argv=("python",))
    with pytest.raises(InvalidValueError, match="is a file of this machine, where pods cannot log"):
        KubernetesBackend().submit(asked)
    monkeypatch.setenv("KUBE_MLFLOW_TRACKING_URI", "http://tracker.mlflow:5000")
    assert kubernetes.tracking_uri(asked) == "http://tracker.mlflow:5000"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot be read: No such file"),
        ("a: [", "is not YAML"),
        ("kind: Pod", "is no Job that can be filled in"),
        ("[1]", "is no Job"),
        ("kind: Job\nmetadata: {}", "metadata.namespace"),
        (TEMPLATE.replace("env: [", "env: {").replace("}}}]", "}}}}"), "is no"),
    ],
)
def test_a_template_that_is_none_is_refused(tmp_path: Path, text: str | None, says: str):
    if text is not None:
        (tmp_path / "job.yaml").write_text(text)
    with pytest.raises(InvalidValueError, match=says):
        KubernetesBackend().check(plan(tmp_path).config)


def test_a_configuration_that_is_none_is_refused(cluster: Path, tmp_path: Path, monkeypatch):
    told = plan(tmp_path).config
    with pytest.raises(InvalidValueError, match="has 'kube-contxt'; use image, kube-context"):
        KubernetesBackend().check({**told, "kube-contxt": "x"})
    with pytest.raises(InvalidValueError, match="has no 'kube-job-template-path'"):
        KubernetesBackend().check({})
    with pytest.raises(InvalidValueError, match="has no 'repository-uri'"):
        KubernetesBackend().check({**told, "repository-uri": ""})
    monkeypatch.setenv("PATH", str(cluster))
    with pytest.raises(NbtrackError, match="kubectl is needed to create Jobs"):
        KubernetesBackend().submit(plan(tmp_path, {"image": "i"}, argv=("python",)))
