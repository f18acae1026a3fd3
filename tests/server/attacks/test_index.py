"""Classes of attacks that others fell to, and the tests that try each: none may lose its tests unnoticed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[2]
HERE = "server/attacks"
KINDS = {
    "files by the path, source or address of a request (CVE-2023-1177, -2356, -6831, -6909, -6977, CVE-2024-1483, -1560, -3848)": [
        f"{HERE}/test_paths.py::test_no_spelling_leads_out",
        f"{HERE}/test_paths.py::test_a_version_is_made_of_what_is_here",
        "server/mlflow/test_hostile.py::test_an_address_never_leads_out",
        "server/mlflow/test_hostile.py::test_lists_of_addresses_never_lead_out",
    ],
    "a tag that switches checks off (CVE-2026-2614)": [f"{HERE}/test_paths.py::test_no_spelling_leads_out"],
    "names that come from a store (CVE-2023-6018, -6975)": [
        f"{HERE}/test_paths.py::test_no_record_names_a_file_elsewhere"
    ],
    "a folder beside that begins alike (CVE-2026-35397)": [f"{HERE}/test_paths.py::test_no_spelling_leads_out"],
    "archives that lead out, or are bombs": ["serving/test_image.py::", "models/"],
    "names of files as headers": [f"{HERE}/test_paths.py::test_names_of_files_make_no_headers"],
    "requests that the server makes (CVE-2026-64849)": [
        f"{HERE}/test_paths.py::test_no_address_elsewhere_is_asked",
        "registry/test_webhooks.py::test_urls_that_lead_inside_or_carry_secrets_are_refused",
    ],
    "secrets in addresses (CVE-2026-71211)": [f"{HERE}/test_paths.py::test_no_secret_of_an_address_is_kept"],
    "verbs by name from the wire": ["server/native/test_routes.py::test_other_verbs_are_not_there"],
    "SQL of others, and DuckDB's own doors": [
        f"{HERE}/test_queries.py::test_sql_sees_the_store_and_nothing_else",
        "server/native/test_routes.py::test_queries_see_the_store_and_nothing_else",
    ],
    "filters that are queries, or that take for ever": [
        f"{HERE}/test_queries.py::test_filters_are_no_queries",
        f"{HERE}/test_queries.py::test_many_wildcards_are_no_work",
        "search/test_match.py::test_wildcards_cost_no_more_than_they_are",
    ],
    "names bound anew (CVE-2025-14279)": [
        "server/access/test_gate.py::test_without_tokens_only_this_machine_is_asked",
        "server/test_security.py::test_no_route_answers_to_another_host_name",
    ],
    "forms and pages of others": [
        f"{HERE}/test_roles.py::test_pages_of_others_may_not_ask",
        f"{HERE}/test_roles.py::test_what_a_form_can_send_changes_nothing",
    ],
    "scripts in names, tags and files (CVE-2024-27132, -27133)": [
        f"{HERE}/test_roles.py::test_texts_are_never_pages",
        f"{HERE}/test_paths.py::test_files_are_kept_and_not_shown",
    ],
    "routes without a guard (CVE-2026-0545, -2652, -2651)": [
        "server/access/test_walk.py::test_nobody_comes_in_without_a_token",
        "server/access/test_walk.py::test_every_route_stands_in_the_table",
    ],
    "more than a role may": [
        f"{HERE}/test_roles.py::test_routes_by_role",
        f"{HERE}/test_roles.py::test_verbs_by_role",
        "server/access/test_scopes.py::test_other_things_are_refused",
    ],
    "guesses, and cookies that others chose (CVE-2025-11200)": [
        f"{HERE}/test_roles.py::test_guesses_take_the_same_time_and_are_slowed",
        f"{HERE}/test_roles.py::test_nobody_is_let_in_by_what_they_choose",
    ],
    "tokens in addresses and logs; lines forged in logs": [
        f"{HERE}/test_roles.py::test_tokens_in_addresses_are_not_taken",
        f"{HERE}/test_roles.py::test_the_audit_log_is_lines_of_json_whatever_is_asked",
    ],
    "headers of proxies, other methods": [f"{HERE}/test_bodies.py::test_headers_of_proxies_open_nothing"],
    "bodies that are bombs (CVE-2025-0453)": [
        f"{HERE}/test_bodies.py::test_odd_bodies_are_refused_at_once",
        f"{HERE}/test_bodies.py::test_odd_parcels_and_journals_are_refused",
        f"{HERE}/test_bodies.py::test_uploads_count_what_comes_and_not_what_is_said",
    ],
    "wrong types in every field": [
        "server/mlflow/test_hostile.py::test_odd_values_in_every_field_of_every_route",
        "store/test_wellformed.py::test_each_field_has_its_type",
        "store/test_wellformed.py::test_a_poisoned_delivery_leaves_a_store_as_it_was",
    ],
    "HTTP that means two things": [f"{HERE}/test_bodies.py::test_odd_requests_are_refused"],
    "sockets that are held open": ["server/faults/test_patience.py::test_a_crowd_of_silent_clients_is_hung_up_on"],
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_is_tried(kind: str):
    for each in KINDS[kind]:
        name, _, function = each.partition("::")
        place = TESTS / name
        assert place.exists(), each
        assert not function or re.search(rf"^def {function}\(", place.read_text(), re.MULTILINE), each
