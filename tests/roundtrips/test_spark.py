"""Models as functions of Spark's: the same answers as MLflow's function gives, on executors of this machine."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import nbtrack.models
import nbtrack.pyfunc
from nbtrack.errors import InvalidValueError, UntrustedModelError
from nbtrack.models import infer_signature
from nbtrack.serving.spark_types import as_columns, read_type, type_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.filterwarnings("ignore:PySpark does not yet:FutureWarning")]

FRAME = pd.DataFrame({"a": [1.0, 2.0, 3.0, 4.0], "b": [4.0, 3.0, 2.0, 1.0], "other": list("wxyz")})

SEVERAL = """
import pandas as pd
from nbtrack.models import set_model

def predict(model_input, params=None):
    total = model_input["a"] + model_input["b"] * (params or {}).get("times", 1.0)
    return pd.DataFrame({"word": total.map(str), "count": total.astype("int32"), "score": total / 2, "sure": total > 6})

set_model(predict)
"""

WHERE = """
import os
from nbtrack.models import set_model

LOADED = []

class Where:
    def load_context(self, context):
        LOADED.append(os.getpid())

    def predict(self, context, model_input, params=None):
        return [f"{os.getpid()} {len(LOADED)}"] * len(model_input)
"""


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = os.environ["PYSPARK_DRIVER_PYTHON"] = sys.executable
    # What is called a few times is not worth much compiling.
    java = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Xshare:auto"
    os.environ["PYSPARK_SUBMIT_ARGS"] = f"--driver-java-options '{java}' pyspark-shell"
    settings = {
        "spark.ui.enabled": "false",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.sql.shuffle.partitions": "2",
        "spark.sql.codegen.wholeStage": "false",
        "spark.sql.execution.arrow.maxRecordsPerBatch": "2",
    }
    builder = SparkSession.builder.master("local[2]").appName("nbtrack")
    for key, value in settings.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    gateway = session.sparkContext._gateway
    session.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(timeout=30)


def several(tmp_path: Path) -> str:
    code = tmp_path / "several.py"
    code.write_text(SEVERAL)
    signature = infer_signature(FRAME[["a", "b"]], params={"times": 1.0})
    nbtrack.pyfunc.save_model(tmp_path / "several", str(code), signature=signature, pip_requirements=["pandas"])
    return str(tmp_path / "several")


def answers(frame: Any, predict: Any, *columns: Any) -> list[Any]:
    found = frame.withColumn("prediction", predict(*columns)).select("prediction").collect()
    return [row.asDict(recursive=True)["prediction"] for row in found]


def test_predictions_are_those_of_mlflows_function(spark: Any, tmp_path: Path) -> None:
    import mlflow
    from pyspark.sql.functions import struct

    uri, frame = several(tmp_path), spark.createDataFrame(FRAME)
    options = {"result_type": "word string, score float, sure boolean, count long"}
    ours = answers(frame, nbtrack.models.spark_udf(spark, uri, trust=True, **options), struct("other", "b", "a"))
    theirs = mlflow.pyfunc.spark_udf(spark, uri, env_manager="local", **options)
    assert ours == answers(frame, theirs, struct("other", "b", "a"))
    assert ours[0] == {"word": "5.0", "score": 2.5, "sure": False, "count": 5}


def test_columns_are_taken_by_name_or_in_order(spark: Any, tmp_path: Path) -> None:
    from pyspark.sql.functions import struct

    uri, frame = several(tmp_path), spark.createDataFrame(FRAME)
    predict = nbtrack.pyfunc.spark_udf(spark, uri, "double", params={"times": 2.0}, trust=True)
    for columns in ([struct("other", "b", "a")], []):
        assert answers(frame, predict, *columns) == [9.0, 8.0, 7.0, 6.0]


TABLE = pd.DataFrame(
    {"word": ["x", "y"], "count": np.array([1, 2], "int32"), "score": [0.5, 1.5], "sure": [True, False]}
)


@pytest.mark.parametrize(
    ("result_type", "expected"),
    [
        ("double", [1.0, 2.0]),
        ("float", [1.0, 2.0]),
        ("int", [1, 2]),
        ("string", ["x", "y"]),
        ("bool", [True, False]),
        ("array<double>", [[1.0, 0.5], [2.0, 1.5]]),
        ("array<int>", [[1], [2]]),
        ("array<string>", [["x", "1", "0.5", "True"], ["y", "2", "1.5", "False"]]),
        ("word string, score float", [{"word": "x", "score": 0.5}, {"word": "y", "score": 1.5}]),
        ("struct<count: long, sure: boolean>", [{"count": 1, "sure": True}, {"count": 2, "sure": False}]),
    ],
)
def test_of_several_predictions_a_row_those_that_fit_are_taken(
    spark: Any, result_type: str, expected: list[Any]
) -> None:
    found = as_columns(TABLE, read_type(spark, result_type))
    assert (found.to_dict("records") if isinstance(found, pd.DataFrame) else found.tolist()) == expected


def test_what_does_not_fit_is_said(spark: Any) -> None:
    with pytest.raises(InvalidValueError, match=r"gives no integer \(it gives float64\)"):
        as_columns(np.array([1.5]), read_type(spark, "int"))
    with pytest.raises(InvalidValueError, match="gives no 'label'; it gives word"):
        as_columns(TABLE, read_type(spark, "label string, score double"))


def test_nested_predictions(spark: Any) -> None:
    assert as_columns(np.ones((2, 2, 2)), read_type(spark, "array<array<double>>"))[0] == [[1.0, 1.0], [1.0, 1.0]]
    assert as_columns([{"a": 1}], read_type(spark, "map<string, double>"))[0] == {"a": 1.0}


def test_the_type_is_the_signatures(spark: Any) -> None:
    from mlflow.pyfunc import _infer_spark_udf_return_type

    for outputs in (TABLE, TABLE[["count"]], np.ones((3, 2)), np.ones(3), [{"a": 1, "b": ["x"]}], ["x"]):
        schema = infer_signature(FRAME, outputs).outputs
        theirs = mlflow_schema(schema.to_json())
        assert type_of(schema) == _infer_spark_udf_return_type(theirs)


def mlflow_schema(text: str) -> Any:
    from mlflow.types.schema import Schema

    return Schema.from_json(text)


def test_an_executor_loads_a_model_once(spark: Any, tmp_path: Path) -> None:
    code = tmp_path / "where.py"
    code.write_text(WHERE + "\nset_model(Where())\n")
    signature = infer_signature(FRAME[["a", "b"]], ["x"])
    nbtrack.pyfunc.save_model(tmp_path / "where", str(code), signature=signature, pip_requirements=["pandas"])
    predict = nbtrack.models.spark_udf(spark, tmp_path / "where", trust=True)
    frame = spark.createDataFrame(pd.concat([FRAME] * 8)).repartition(6)
    told = answers(frame, predict, "a", "b")
    assert len(told) == 32
    assert {word.split()[1] for word in told} == {"1"}
    assert len(set(told)) <= 4  # processes, not partitions or batches


def test_what_cannot_be_is_refused_before_anything_is_sent(spark: Any, tmp_path: Path) -> None:
    uri = several(tmp_path)
    with pytest.raises(UntrustedModelError):
        nbtrack.models.spark_udf(spark, uri)
    for result_type in ("complex128", "binary", "map<int, string>"):
        with pytest.raises(InvalidValueError, match="result_type"):
            nbtrack.models.spark_udf(spark, uri, result_type, trust=True)
    with pytest.raises(InvalidValueError, match="env_manager"):
        nbtrack.models.spark_udf(spark, uri, env_manager="conda", trust=True)
