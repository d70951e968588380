# SPDX-License-Identifier: Apache-2.0
"""Properties that are computed once for each object."""

from collections.abc import Callable
from typing import Any, Generic, Self, TypeVar, overload

Value = TypeVar("Value", covariant=True)


class once(Generic[Value]):  # noqa: N801 - it stands where `property` does
    """A property that is computed when it is first asked for, and stands among the object's attributes from then on.

    `functools.cached_property` without the lock that Python 3.11 takes there, which costs as much as the rest of it;
    later versions take none. So two threads may compute it both: it is for what comes out the same each time.
    """

    def __init__(self, compute: Callable[[Any], Value]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> Value: ...
    def __get__(self, instance: object, owner: type) -> Self | Value:
        if instance is None:
            return self
        # Not by setattr, so that the object may be frozen. What stands there is found before this is called again.
        value = vars(instance)[self._name] = self._compute(instance)
        return value
