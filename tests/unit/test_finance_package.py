# SPDX-License-Identifier: Apache-2.0
"""The package's first page: what it exports, and the example in its docstring."""

from datetime import date
from decimal import Decimal
from inspect import cleandoc, ismodule

import notary.finance


def test_all_is_complete_and_sorted() -> None:
    names = {name for name, value in vars(notary.finance).items() if not name.startswith("_") and not ismodule(value)}
    assert set(notary.finance.__all__) == names
    assert sorted(notary.finance.__all__) == notary.finance.__all__


def test_the_quick_start_is_true() -> None:
    text = cleandoc(notary.finance.__doc__ or "").split("::\n")[1]
    names = {
        "date": date,
        "Decimal": Decimal,
        **{name: getattr(notary.finance, name) for name in notary.finance.__all__},
    }
    checked = 0
    for line in cleandoc(text).splitlines():
        code, _, result = line.partition("  # ")
        if result:
            assert repr(eval(code, names)) == result.split(",")[0]
            checked += 1
        else:
            exec(code, names)
    assert checked == 2
