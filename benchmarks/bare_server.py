"""``python -m benchmarks.bare_server MODEL PORT``: the least that serves a model; nothing is checked."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import skops.io
import uvicorn
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request


def app(folder: Path) -> Starlette:
    """Return the application for a model that skops holds."""
    model = skops.io.load(folder / "model.skops")

    async def invocations(request: Request) -> Response:
        given = json.loads(await request.body())["dataframe_split"]
        frame = pd.DataFrame(given["data"], columns=given["columns"])
        return JSONResponse({"predictions": model.predict(frame).tolist()})

    async def ping(_: Request) -> Response:
        return Response()

    return Starlette(routes=[Route("/invocations", invocations, methods=["POST"]), Route("/ping", ping)])


if __name__ == "__main__":
    uvicorn.run(app(Path(sys.argv[1])), port=int(sys.argv[2]), log_level="warning", access_log=False)
