"""Kubernetes: the plan becomes a Job, made from a template and handed to ``kubectl``, whose clusters and credentials are used.

``backend_config`` is MLflow's:

- ``kube-job-template-path``: a YAML file of a Job (``batch/v1``) with a namespace; name, image, command and variables of its first
  container are filled in, all else stays: resources, volumes, service account, secrets as ``envFrom``;
- ``repository-uri``: where the image of the project is pushed to; it is built ``FROM`` the image of the project's ``docker_env``, with the
  project's files. With ``image`` instead, that image is used as it is;
- ``kube-context``: which cluster; kubectl's current one by default.

Words are the container's ``command`` as a list, so no shell reads them (MLflow quotes each of them with ``shlex``, and programs get the
quotes), and ``$(NAME)``, which Kubernetes itself would fill in, is kept from it. Of variables only those of MLflow and nbtrack go along,
and none that is a secret by its name: those belong into the template as a Secret. The pod logs to a server: ``KUBE_MLFLOW_TRACKING_URI``
names it where it has another address inside the cluster.

Tested with a stand-in for ``kubectl`` and ``docker`` that records what it is asked and answers as they do; the Job that was made here was
read by the real ``kubectl label --local``. Not run on a cluster.
"""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbtrack import config as settings
from nbtrack.deps import require
from nbtrack.entities import RunStatus
from nbtrack.errors import InvalidValueError
from nbtrack.projects.backends.local import TAIL_BYTES
from nbtrack.projects.backends.polled import CommandError, PolledJob, ask, patiently
from nbtrack.projects.backends.words import check_keys, words
from nbtrack.tracking.named_secrets import kind_of_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbtrack.projects.plan import Plan

TEMPLATE, REPOSITORY, CONTEXT, IMAGE, POLL = (
    "kube-job-template-path",
    "repository-uri",
    "kube-context",
    "image",
    "poll_s",
)
POLL_S = 5.0
LONGEST_NAME = 63
PROJECT = "nbtrack.project.name"
URIS = ("MLFLOW_TRACKING_URI", "NBTRACK_TRACKING_URI")
WITHIN = "KUBE_MLFLOW_TRACKING_URI"
CODE = "/mlflow/projects/code"
INSTALL = "https://kubernetes.io/docs/tasks/tools tells how to get it"
EXAMPLE = "use MLflow's form: apiVersion batch/v1, kind Job, metadata.namespace, spec.template.spec.containers"


class KubernetesBackend:
    """Runs plans as Jobs of Kubernetes."""

    name = "kubernetes"

    def check(self, config: Mapping[str, Any]) -> None:
        """Take MLflow's settings; the template must be there, and a place for the image."""
        check_keys(self.name, config, (TEMPLATE, REPOSITORY, CONTEXT, IMAGE, POLL))
        template(config)
        if not config.get(IMAGE) and not config.get(REPOSITORY):
            message = f"backend_config of kubernetes has no {REPOSITORY!r}; say where the image of the project is to be pushed."
            raise InvalidValueError(f"{message} Or say {IMAGE!r}: one that has the project already.")

    def submit(self, plan: Plan) -> KubernetesJob:
        """Build the image, unless there is one, and create the Job."""
        self.check(plan.config)
        address = tracking_uri(plan)
        made = job(plan, str(plan.config.get(IMAGE) or build(plan)), address)
        context = [f"--context={plan.config[CONTEXT]}"] if plan.config.get(CONTEXT) else []
        where = [*context, f"--namespace={made['metadata']['namespace']}"]
        # Not `apply`: a Job of that name that is there must not be changed.
        ask(
            ["kubectl", *where, "create", "--filename=-", "--output=name"],
            given=json.dumps(made),
            why="to create Jobs",
            install=INSTALL,
        )
        return KubernetesJob(made["metadata"]["name"], where, float(plan.config.get(POLL) or POLL_S))


def template(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the Job of the template; raises ``InvalidValueError`` for what is none."""
    path = config.get(TEMPLATE)
    if not path:
        raise InvalidValueError(f"backend_config of kubernetes has no {TEMPLATE!r}; give the path of a Job in YAML.")
    yaml = require("yaml", "to read the template of a Job", package="pyyaml", extra="models")
    try:
        found = yaml.safe_load(Path(path).expanduser().read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidValueError(f"The template {path} cannot be read: {error.strerror}.") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidValueError(f"The template {path} is not YAML: {str(error).splitlines()[0]}.") from error
    try:
        is_job = found["kind"] == "Job" and isinstance(found["metadata"]["namespace"], str)
        first = found["spec"]["template"]["spec"]["containers"][0]
        is_good = is_job and isinstance(first, dict) and isinstance(first.get("env") or [], list)
    except (KeyError, IndexError, TypeError):
        is_good = False
    if not is_good:
        raise InvalidValueError(f"The template {path} is no Job that can be filled in; {EXAMPLE}.")
    return dict(found)


def job(plan: Plan, image: str, address: str) -> dict[str, Any]:
    """Return the Job of a plan.

    Parameters
    ----------
    image : str
        The image of the container, best with its digest.
    address : str
        The tracking server as pods see it.
    """
    made = template(plan.config)
    name = _name(plan)
    made["metadata"]["name"] = name
    labels = made["metadata"].get("labels") or {}
    made["metadata"]["labels"] = {**labels, "app.kubernetes.io/managed-by": "nbtrack", "nbtrack/run-id": plan.run_id}
    pod = made["spec"]["template"]["spec"]
    pod.setdefault("restartPolicy", "Never")
    made["spec"].setdefault("backoffLimit", 0)  # a second try would log into the same run
    container = pod["containers"][0]
    given = {**_variables(plan), **dict.fromkeys(URIS, address)}
    kept = [each for each in container.get("env") or [] if each.get("name") not in given]
    container.update(
        name=_plain(plan.tags.get(PROJECT, "") or "project")[:LONGEST_NAME],
        image=image,
        command=[
            _literal(word.replace(f"{plan.folder}{os.sep}", f"{CODE}/")) for word in words(_inside(plan), "python")
        ],
        env=[*kept, *({"name": key, "value": _literal(value)} for key, value in sorted(given.items()))],
    )
    return made


def build(plan: Plan) -> str:
    """Build the image of the project and push it; returns its name with the digest that the registry gave."""
    if not plan.image:
        raise InvalidValueError(
            f"The project has no docker_env, so there is no image to build upon; add one, or say {IMAGE!r} in backend_config."
        )
    image = f"{plan.config[REPOSITORY]}:{plan.run_id[:12]}"
    text = f"FROM {plan.image}\nCOPY . {CODE}\nWORKDIR {CODE}\n"
    why = "to build the image of the project"
    ask(
        ["docker", "build", "--tag", image, "--file", "-", str(plan.folder)],
        given=text,
        why=why,
        install="install Docker",
    )
    ask(["docker", "push", "--quiet", image], why=why, install="install Docker")
    shown = ask(
        ["docker", "image", "inspect", "--format", "{{index .RepoDigests 0}}", image], why=why, install="install Docker"
    )
    return shown.strip() or image


def tracking_uri(plan: Plan) -> str:
    """Return the address that the pod logs to; raises ``InvalidValueError`` when pods cannot reach the store."""
    address = os.environ.get(WITHIN) or plan.store_uri
    if not settings.is_remote(address):
        raise InvalidValueError(
            f"The store {plan.store_uri} is a file of this machine, where pods cannot log; use the address of a server, "
            f"or set {WITHIN} to what the store is for pods."
        )
    return address


class KubernetesJob(PolledJob):
    """A Job in a cluster."""

    def __init__(self, name: str, where: list[str], poll_s: float) -> None:
        super().__init__(name, poll_s)
        self._where = where

    def look(self) -> tuple[RunStatus, int | None]:
        """Ask for the conditions of the Job."""
        return patiently(self._look)

    def stop(self) -> None:
        """Delete the Job with its pods; they get SIGTERM, and time to end."""
        self._kubectl("delete", "job", self._job_id, "--ignore-not-found", "--cascade=foreground", "--wait=true")

    def output(self) -> str:
        """Return the end of the pod's log; "" once the Job is deleted."""
        try:
            return self._kubectl("logs", f"job/{self._job_id}", "--tail=5000")[-TAIL_BYTES:]
        except CommandError:
            return ""

    # -- inside ------------------------------------------------------------------------------------------------------

    def _look(self) -> tuple[RunStatus, int | None]:
        text = self._kubectl("get", "job", self._job_id, "--ignore-not-found", "--output=json")
        if not text.strip():
            return RunStatus.KILLED, None  # somebody deleted it
        status = json.loads(text).get("status") or {}
        found = {each["type"] for each in status.get("conditions") or [] if each.get("status") == "True"}
        if "Complete" in found:
            return RunStatus.FINISHED, 0
        return (RunStatus.FAILED, self._code()) if "Failed" in found else (RunStatus.RUNNING, None)

    def _code(self) -> int | None:
        """Return the exit code of the container that ended last."""
        try:
            text = self._kubectl("get", "pods", f"--selector=job-name={self._job_id}", "--output=json")
        except CommandError:
            return None
        codes = [
            each["state"]["terminated"]["exitCode"]
            for pod in json.loads(text).get("items", ())
            for each in pod.get("status", {}).get("containerStatuses", ())
            if "terminated" in each.get("state", {})
        ]
        return codes[-1] if codes else None

    def _kubectl(self, *what: str) -> str:
        return ask(["kubectl", *self._where, *what], why="to ask Kubernetes for a Job", install=INSTALL)


def _literal(text: str) -> str:
    """Return a text that Kubernetes leaves as it is: it would put variables of the container, secrets too, in the place of ``$(NAME)``."""
    return text.replace("$", "$$")


def _inside(plan: Plan) -> Plan:
    """Return the plan as it is in the container, whose Python is its own."""
    return replace(plan, python=None)


def _variables(plan: Plan) -> dict[str, str]:
    """Return what goes along: this machine's PATH is of no use in a pod, and a Job can be read by many."""
    named = {key: value for key, value in plan.variables.items() if key.startswith(("MLFLOW_", "NBTRACK_"))}
    return {key: value for key, value in named.items() if kind_of_name(key) is None}


def _name(plan: Plan) -> str:
    """Return a name for the Job that no other has: project, moment and run."""
    ending = f"-{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{plan.run_id[:8]}"
    project = _plain(plan.tags.get(PROJECT, "") or plan.folder.name)
    return project[: LONGEST_NAME - len(ending)].rstrip("-") + ending


def _plain(text: str) -> str:
    """Return a text as names in Kubernetes may be: lower case letters, digits and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "project"
