# SPDX-License-Identifier: Apache-2.0
"""The API as a Postman collection (format 2.1), made from its OpenAPI document."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

_FORMAT = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
_VARIABLE = re.compile(r"\{([^{}]+)\}")


def collection(document: Mapping[str, Any]) -> dict[str, Any]:
    """Return the collection: a folder for each tag, and in it a request for each example of each operation."""
    folders: dict[str, list[dict[str, Any]]] = {tag["name"]: [] for tag in document["tags"]}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            folders[operation["tags"][0]].extend(_requests(method.upper(), path, operation))
    return {
        "info": {
            "name": document["info"]["title"],
            "description": document["info"]["summary"],
            "version": document["info"]["version"],
            "schema": _FORMAT,
        },
        "auth": _bearer("apiKey"),
        "variable": [
            {"key": "baseUrl", "value": "http://127.0.0.1:8080"},
            {"key": "apiKey", "value": ""},
            {"key": "loanPass", "value": ""},
        ],
        "item": [{"name": name, "item": requests} for name, requests in folders.items()],
    }


def _requests(method: str, path: str, operation: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    request = {"method": method, "url": _url(path, operation), "description": operation.get("description", "")}
    security = operation["security"]
    if not security:
        request["auth"] = {"type": "noauth"}
    elif "loanPass" in security[0]:
        request["auth"] = _bearer("loanPass")
    examples = [
        (media_type, name, example["value"])
        for media_type, media in operation.get("requestBody", {}).get("content", {}).items()
        for name, example in media.get("examples", {}).items()
    ]
    own = [
        {"key": item["name"], "value": "{{$guid}}"}
        for item in operation.get("parameters", [])
        if item["in"] == "header"
    ]
    if not examples:
        yield {"name": operation["summary"], "request": {**request, "header": own}}
    for media_type, name, value in examples:
        header = [{"key": "Content-Type", "value": media_type}, *own]
        title = operation["summary"] if len(examples) == 1 else f"{operation['summary']} ({name}, {media_type})"
        yield {"name": title, "request": {**request, "header": header, "body": _body(media_type, value)}}


def _body(media_type: str, value: Any) -> dict[str, Any]:
    if media_type == "application/x-www-form-urlencoded":
        return {"mode": "urlencoded", "urlencoded": [{"key": key, "value": text} for key, text in value.items()]}
    return {
        "mode": "raw",
        "raw": value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_INDENT_2).decode(),
    }


def _url(path: str, operation: Mapping[str, Any]) -> dict[str, Any]:
    parts = [_VARIABLE.sub(r":\1", part) for part in path.removeprefix("/").split("/")]
    parameters = operation.get("parameters", [])
    return {
        "raw": "{{baseUrl}}/" + "/".join(parts),
        "host": ["{{baseUrl}}"],
        "path": parts,
        "variable": [{"key": item["name"], "value": item["example"]} for item in parameters if item["in"] == "path"],
        "query": [
            {
                "key": item["name"],
                "value": item.get("example", ""),
                "description": item["description"],
                "disabled": True,
            }
            for item in parameters
            if item["in"] == "query"
        ],
    }


def _bearer(variable: str) -> dict[str, Any]:
    return {"type": "bearer", "bearer": [{"key": "token", "value": f"{{{{{variable}}}}}", "type": "string"}]}
