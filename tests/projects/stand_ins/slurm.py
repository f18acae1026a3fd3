"""Stands in for ``sbatch``, ``squeue``, ``sacct`` and ``scancel``: runs the script, and answers in their documented formats.

It is called by the name it goes by. Jobs are files in the folder SLURM_STAND_IN: ``<n>.pid``, ``<n>.killed``, ``<n>.code``; ``calls`` has
the words of each call. With ``no-accounts`` in the folder there is no accounting, with ``forgets`` the queue knows no job that has ended,
with ``away`` the scheduler does not answer.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

here = Path(os.environ["SLURM_STAND_IN"])
name, words = Path(sys.argv[0]).name, sys.argv[1:]
options = dict(word[2:].partition("=")[::2] for word in words if word.startswith("--"))
with (here / "calls").open("a") as file:
    file.write(json.dumps([name, *words]) + "\n")

# Who starts a batch script in a cluster waits for it elsewhere: a process apart, which writes down how it ended.
RUN = """
import subprocess, sys
from pathlib import Path
script, chdir, output, base = sys.argv[1:]
with open(output, "wb") as out:
    job = subprocess.Popen(["bash", script], cwd=chdir, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
    Path(base + ".pid").write_text(str(job.pid))
    Path(base + ".code").write_text(str(job.wait()))
"""


def state(number: str) -> str:
    if not (here / f"{number}.code").exists() or not (here / f"{number}.code").read_text():
        return "RUNNING" if (here / f"{number}.pid").exists() else "PENDING"
    if (here / f"{number}.killed").exists():
        return "CANCELLED"
    return "COMPLETED" if (here / f"{number}.code").read_text() == "0" else "FAILED"


def sbatch() -> None:
    number = str(1000 + len(list(here.glob("*.sent"))))
    (here / f"{number}.sent").touch()
    subprocess.Popen(
        [sys.executable, "-S", "-c", RUN, words[-1], options["chdir"], options["output"], str(here / number)],
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    print(f"{number};cluster")


def squeue() -> None:
    if (here / "away").exists():
        sys.exit("slurm_load_jobs error: Unable to contact slurm controller (connect failure)")
    found = state(options["jobs"])
    if (here / "forgets").exists() and found not in ("RUNNING", "PENDING"):
        sys.exit("slurm_load_jobs error: Invalid job id specified")
    print(found)


def sacct() -> None:
    if (here / "no-accounts").exists():
        sys.exit("Slurm accounting storage is disabled")
    found = state(options["jobs"])
    code = (here / f"{options['jobs']}.code").read_text() if found not in ("RUNNING", "PENDING") else "0"
    killed = found == "CANCELLED"
    print(f"{'CANCELLED by 0' if killed else found}|{'0:15' if killed else code + ':0'}")


def scancel() -> None:
    (here / f"{words[-1]}.killed").touch()
    os.kill(int((here / f"{words[-1]}.pid").read_text()), signal.SIGTERM)


{"sbatch": sbatch, "squeue": squeue, "sacct": sacct, "scancel": scancel}[name]()
