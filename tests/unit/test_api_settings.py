# SPDX-License-Identifier: Apache-2.0
"""Settings of a notary: what it says its receipts are for."""

from pathlib import Path

import pytest

from api.settings import DataFolder, Settings, SettingsError


def test_a_notary_is_for_tests_unless_it_is_told_otherwise() -> None:
    assert Settings.checked(origin="o").environment == "test"
    assert Settings.checked(origin="o", rpc="http://node").environment == "test"
    assert Settings.checked(origin="o", rpc="http://node", environment="production").environment == "production"


@pytest.mark.parametrize("members", [{"environment": "production"}, {"environment": "staging"}, {"environment": None}])
def test_an_embedded_chain_is_never_production(members: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        Settings.checked(origin="o", **members)


def test_settings_written_before_there_were_environments_are_a_tests(tmp_path: Path) -> None:
    folder = DataFolder(tmp_path)
    folder.begin(Settings.checked(origin="o", rpc="http://node", environment="production"))
    assert folder.settings().environment == "production"
    path = tmp_path / "settings.json"
    path.write_text('{"origin": "o"}')
    assert folder.settings().environment == "test"
    path.write_text('{"origin": "o", "environment": "production"}')
    with pytest.raises(SettingsError, match="chain of its own"):
        folder.settings()
