"""Requests made at random from the API's own description: nothing ends in an error of the server (schemathesis)."""

from __future__ import annotations

import httpx
import schemathesis
from hypothesis import HealthCheck, given, settings

from tests.conftest import Served


def test_no_request_is_a_fault_of_the_server(served: Served) -> None:
    described = httpx.get(f"{served.url}gradio_api/openapi.json", timeout=30).json()
    assert len(described["paths"]) >= 5
    schema = schemathesis.openapi.from_dict(described)
    asked: set[str] = set()

    for operation in (found.ok() for found in schema.get_all_operations()):

        @given(case=operation.as_strategy())
        @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
        def request(case: schemathesis.Case) -> None:
            asked.add(case.operation.path)
            answer = case.call(base_url=f"{served.url}gradio_api", timeout=60)
            assert answer.status_code < 500, (case.body, answer.status_code, answer.text[:300])

        request()
    assert len(asked) >= 5
