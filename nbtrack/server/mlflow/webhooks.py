"""``/webhooks``: addresses that are told of changes. Secrets are named, never sent: ``$NAME`` of the server's environment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from nbtrack.names import INT64_MAX, INT64_MIN
from nbtrack.registry.delivery import deliver
from nbtrack.registry.pages import token_of
from nbtrack.registry.webhooks import EXAMPLES, Webhooks, event_name
from nbtrack.server.mlflow import model_messages as m
from nbtrack.server.mlflow.desk import AtDesk
from nbtrack.server.mlflow.errors import invalid
from nbtrack.server.mlflow.paging import limit_of, offset_of
from nbtrack.server.mlflow.replies import page, reply

if TYPE_CHECKING:
    from nbtrack.registry.webhooks import Webhook

router = APIRouter(prefix="/webhooks", tags=["webhooks"])


@router.post("")
def create(desk: AtDesk, body: m.CreateWebhook) -> Response:
    """Have an address told of changes."""
    events = [_event(event) for event in body.events]
    made = Webhooks(desk.store).create(body.name, body.url, events, body.description, body.secret, body.status)
    return reply({"webhook": told(made)})


@router.get("")
def list_all(
    desk: AtDesk,
    max_results: Annotated[int | None, Query(ge=INT64_MIN, le=INT64_MAX)] = None,
    page_token: Annotated[str | None, Query()] = None,
) -> Response:
    """Return a page of the webhooks, oldest first."""
    limit, offset = limit_of(max_results, 100, 1000), offset_of(page_token)
    found = Webhooks(desk.store).all()[offset:]
    return page("webhooks", [told(h) for h in found[:limit]], token_of(offset + limit) if len(found) > limit else None)


@router.get("/{webhook_id}")
def get(desk: AtDesk, webhook_id: str) -> Response:
    """Return a webhook."""
    return reply({"webhook": told(Webhooks(desk.store).get(webhook_id))})


@router.patch("/{webhook_id}")
def update(desk: AtDesk, webhook_id: str, body: m.UpdateWebhook) -> Response:
    """Change what is given."""
    changes = body.model_dump(exclude={"events"}, exclude_none=True)
    if body.events:
        changes["events"] = [_event(event) for event in body.events]
    return reply({"webhook": told(Webhooks(desk.store).update(webhook_id, **changes))})


@router.delete("/{webhook_id}")
def delete(desk: AtDesk, webhook_id: str) -> Response:
    """Tell an address no more."""
    Webhooks(desk.store).delete(webhook_id)
    return reply()


@router.post("/{webhook_id}/test")
def try_out(desk: AtDesk, webhook_id: str, body: m.TestWebhook | None = None) -> Response:
    """Send an example, and say how it went; of the answer only its status is told."""
    hook = Webhooks(desk.store).get(webhook_id)
    event = event_name(_event(body.event)) if body and body.event else hook.events[0]
    if event not in EXAMPLES:
        raise invalid("event", event, f"It must be one of {', '.join(EXAMPLES)}.")
    sent = deliver(hook, event, EXAMPLES[event], tries=1)
    result: dict[str, Any] = {"success": sent.success, "response_status": sent.status, "error_message": sent.error}
    return reply({"result": {name: value for name, value in result.items() if value not in (None, "")}})


def _event(event: m.EventMessage) -> str:
    return f"{event.entity}.{event.action}".lower()


def told(hook: Webhook) -> dict[str, Any]:
    """Return a webhook as MLflow tells it."""
    events = [dict(zip(("entity", "action"), event.upper().split(".", 1), strict=True)) for event in hook.events]
    return {
        "webhook_id": hook.webhook_id,
        "name": hook.name,
        "url": hook.url,
        "events": events,
        "status": hook.status,
        "creation_timestamp": hook.creation_timestamp,
        "last_updated_timestamp": hook.last_updated_timestamp,
        **({"description": hook.description} if hook.description else {}),
    }
