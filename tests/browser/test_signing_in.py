"""A browser signs in to a team server by a provider and out again; policies of the pages are in force."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from nbtrack.server.access.signin import page as sign_in_page
from nbtrack.server.serve import TeamServer
from tests.browser.servers import free_port
from tests.server.access import provider as providers
from tests.store.kit import quiet_store, start

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.browser.conftest import Axe

TEXT = """
[oidc]
issuer = "{url}"
client_id = "nbtrack"
client_secret_file = "secret"
public_url = "{here}"
button = "Example Lab"
[[oidc.grants]]
groups = ["vision"]
experiments = {{ "vision*" = "write" }}
"""


@pytest.fixture
def here(tmp_path: Path) -> Iterator[str]:
    """Run a server with two runs, of which Ada may see one, and a provider that knows her."""
    store = quiet_store(tmp_path / "team.duckdb")
    for name in ("vision", "speech"):
        start(store, f"{name} run", experiment_id=int(store.create_experiment(name)), experiment=name)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with providers.running(f"{url}/sign-in/back") as provider:
        provider.person = {"email": "ada@example.org", "email_verified": True, "groups": ["vision"]}
        (tmp_path / "secret").write_text(providers.SECRET)
        path = tmp_path / "tokens.toml"
        path.write_text(TEXT.format(url=provider.url, here=url))
        path.chmod(0o600)
        server = TeamServer(store, port=port, auth=path)
        server.start()
        yield url
        server.close()
    store.close()


def test_somebody_signs_in_sees_their_runs_and_signs_out(browser: Browser, here: str):
    context = browser.new_context()  # with its policies: no bypass_csp
    page = context.new_page()
    problems: list[str] = []
    page.on("console", lambda said: problems.append(said.text) if "policy" in said.text.lower() else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(here)
    expect(page.get_by_role("link", name="Continue with Example Lab")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("ada@example.org")).to_be_visible()
    expect(page.get_by_text("vision run").first).to_be_visible()
    assert "speech" not in page.content()
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out of this server.")).to_be_visible()
    page.goto(here)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("Token").fill("nbt_ada_wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("not known here")
    assert problems == []
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_for_everybody(page: Page, axe: Axe, scheme: Any):
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 360, "height": 640})
    page.set_content(sign_in_page("The token is not known here, or its time is over.", provider="Example Lab"))
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
