# SPDX-License-Identifier: Apache-2.0
"""The pages for engineers: the API laid out for reading, and a page for each problem."""

import re
from collections.abc import Iterator

import pytest
from markupsafe import escape
from werkzeug.test import TestResponse

from api.openapi import build
from api.problem_texts import problem_texts
from api.problems import KINDS
from tests.support.api import PROBLEM, Api, running_api

PAGES = ("/docs", "/problems", "/problems/not-found")


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    with running_api(tmp_path_factory.mktemp("reference") / "data") as api:
        yield api


def get(api: Api, address: str) -> TestResponse:
    return api.app.test_client().get(address)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_problem_has_a_page_in_both_languages(api: Api, language: str) -> None:
    listed = get(api, f"/problems?lang={language}").text
    texts = problem_texts(language)
    assert texts.keys() == KINDS.keys()
    for slug, text in texts.items():
        assert f'"/problems/{slug}"' in listed
        response = get(api, f"/problems/{slug}?lang={language}")
        assert response.status_code == 200
        assert response.headers["Content-Language"].startswith(language)
        for part in (text.title, text.happened, text.remedy):
            assert part
            assert str(escape(part)) in response.text
        assert f"urn:loan-notary:problem:{slug}" in response.text
        assert f"<dd>{KINDS[slug].status}</dd>" in response.text


def test_the_languages_have_the_same_texts() -> None:
    chinese = problem_texts("zh")
    assert all(re.search("[一-鿿]", text.happened + text.remedy) for text in chinese.values())


def test_a_problem_leads_to_its_page(api: Api) -> None:
    problem = get(api, "/v1/records/x")
    assert (problem.status_code, problem.mimetype) == (401, PROBLEM)
    assert problem.json["help"] == "/problems/unauthorized"
    assert get(api, problem.json["help"]).status_code == 200


def test_there_is_no_page_of_another_name(api: Api) -> None:
    response = get(api, "/problems/no-such")
    assert (response.status_code, response.mimetype) == (404, PROBLEM)


def test_the_api_is_laid_out_for_reading(api: Api) -> None:
    text = get(api, "/docs").text
    for path, item in build(api.app)["paths"].items():
        for method, operation in item.items():
            assert f"<code>{method.upper()} {path}</code> {escape(operation['summary'])}" in text
            assert f'id="{operation["operationId"]}"' in text
    assert "records:write" in text
    assert text.count('id="') == len(set(re.findall('id="([^"]*)"', text)))


@pytest.mark.parametrize("address", PAGES)
def test_the_pages_load_their_own_files_and_run_nothing(api: Api, address: str) -> None:
    response = get(api, address)
    assert "script-src 'self'" in response.headers["Content-Security-Policy"]
    body = response.text
    assert not re.search(r"<script|<style|\sstyle=|\son[a-z]+=", body)
    for name in re.findall(r'<link[^>]* href="([^"]+)"', body):
        assert get(api, name).status_code == 200
    for name in re.findall(r'<a [^>]*href="(/[^"]+)"', body):
        assert get(api, name).status_code == 200
