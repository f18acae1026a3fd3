"""Stands in for ``kubectl`` and ``docker``: writes down what it is asked and given, and answers as files in KUBE_STAND_IN say."""

import json
import os
import sys
from pathlib import Path

here = Path(os.environ["KUBE_STAND_IN"])
name, words = Path(sys.argv[0]).name, sys.argv[1:]
given = sys.stdin.read() if "--filename=-" in words or "build" in words else ""
with (here / "calls").open("a") as file:
    file.write(json.dumps([name, words, given]) + "\n")
verb = next(word for word in words if not word.startswith("-"))
answers = {"inspect": "team/train@sha256:abc\n", "logs": "printed by the pod\n"}
if verb == "create":
    (here / "job").write_text(json.dumps({"status": {"active": 1}}))
elif verb == "delete":
    (here / "job").unlink(missing_ok=True)
elif verb == "get" and "job" in words:
    if (here / "away").exists():
        sys.exit("The connection to the server 10.0.0.1:6443 was refused")
    print((here / "job").read_text() if (here / "job").exists() else "", end="")
elif verb == "get":
    state = {"state": {"terminated": {"exitCode": 3}}}
    print(json.dumps({"items": [{"status": {"containerStatuses": [state]}}]}))
else:
    print(next((answer for key, answer in answers.items() if key in words), ""), end="")
