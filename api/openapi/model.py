# SPDX-License-Identifier: Apache-2.0
"""What the tables of `api.openapi.tables` say of an operation, beyond what the code itself says.

Path, method and path parameters come from the application's routes, the scope from `api.access.scopes`, titles and
types of problems from `api.problems`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = Mapping[str, Any]


@dataclass(frozen=True)
class Query:
    """A query parameter; `repeated` if it may be given several times."""

    name: str
    schema: Schema
    description: str
    example: str | None = None
    repeated: bool = False


@dataclass(frozen=True)
class Body:
    """What a request carries: a schema and named examples for each media type."""

    content: Mapping[str, tuple[Schema, Mapping[str, Any]]]
    description: str = ""

    @classmethod
    def json(cls, schema: Schema, **examples: Any) -> "Body":
        """A JSON body."""
        return cls({"application/json": (schema, examples)})


@dataclass(frozen=True)
class Answer:
    """A successful answer: what it means, and the schema of its content, None for an answer without any.

    `others` are the schemas of other media types that it may have.
    """

    description: str
    schema: Schema | None = None
    media_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)
    others: Mapping[str, Schema] = field(default_factory=dict)


@dataclass(frozen=True)
class Link:
    """What an answer gives another operation: runtime expressions (OpenAPI 3.1, 4.8.20.4) by path parameter."""

    operation: str
    parameters: Mapping[str, str]


@dataclass(frozen=True)
class Operation:
    """One operation.

    Attributes:
        refusals: slugs of the problems that it can answer, beside those that all of its kind can.
        paths: an example for each path parameter.
        links: by status.
    """

    summary: str
    answers: Mapping[int, Answer]
    description: str = ""
    paths: Mapping[str, str] = field(default_factory=dict)
    query: tuple[Query, ...] = ()
    body: Body | None = None
    refusals: tuple[str, ...] = ()
    links: Mapping[int, tuple[Link, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Table:
    """The operations of one part of the API, by endpoint: the blueprint's name and the view's."""

    tag: str
    description: str
    operations: Mapping[str, Operation]
