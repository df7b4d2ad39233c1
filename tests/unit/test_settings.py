"""Settings come from the file, then the environment, then flags; wrong ones say where."""

from __future__ import annotations

from pathlib import Path

import pytest

from ga4_analytics.errors import SettingsError
from ga4_analytics.settings import DEFAULT_FUNNELS, FunnelSetting, find_workspace, load_settings
from ga4_analytics.settings_columns import ColumnSetting
from ga4_analytics.settings_file import settings_file


def test_the_written_file_says_the_defaults(tmp_path: Path) -> None:
    defaults = load_settings(tmp_path)
    (tmp_path / "ga4.toml").write_text(settings_file(defaults))
    assert load_settings(tmp_path) == defaults
    assert defaults.funnels == DEFAULT_FUNNELS


def test_file_then_environment_then_flags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ga4.toml").write_text('dataset = "file"\nidentity = "stitched"\n')
    monkeypatch.setenv("GA4_DATASET", "environment")
    monkeypatch.setenv("GA4_KEY_EVENTS", "purchase, sign_up")
    monkeypatch.setenv("GA4_ENGAGED_SESSION_SECONDS", "30")
    found = load_settings(tmp_path, {"dataset": None})
    assert (found.dataset, found.identity) == ("environment", "stitched")
    assert found.key_events == ("purchase", "sign_up")
    assert found.engaged_session_seconds == 30
    assert load_settings(tmp_path, {"dataset": "flag"}).dataset == "flag"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('timezone = "Mars/Olympus"', "IANA"),
        ('identity = "person"', "'device' or 'stitched'"),
        ("engaged_session_seconds = 0", "1 to 3600"),
        ("engaged_session_seconds = true", "1 to 3600"),
        ("include_left_truncated = 1", "true or false"),
        ("key_events = 'purchase'", "list of event names"),
        ("tiemzone = 'UTC'", "The settings are"),
        ("funnels = [{name = 'a', steps = ['x', 'x'], window_seconds = 60}]", "repeated"),
        ("funnels = [{name = 'a', steps = ['x'], window_seconds = 60}]", "2 to 16"),
        ("funnels = [{name = 'a', steps = ['x', 'y'], window = 60}]", "Unknown: window"),
        ("columns = [{name = 'Size', source = 'event_params.size'}]", "lower-case"),
        ("columns = [{name = 'country', source = 'event_params.size'}]", "usual column"),
        ("columns = [{name = 'size', source = 'params.size'}]", "event_params.KEY"),
        ("columns = [{name = 'size', source = 'items.size', kind = 'text'}]", "'texts'"),
        ("columns = [{name = 'size', source = 'city', kind = 'texts'}]", "one value an event"),
        ("columns = [{name = 'size', source = 'city', kind = 'float'}]", "kind is one of"),
        ("columns = [{name = 'size'}]", "needs name, source"),
        ("dataset = ", "TOML"),
    ],
)
def test_a_wrong_setting_says_where_and_why(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "ga4.toml").write_text(line + "\n")
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path)
    assert said in str(caught.value)
    assert "ga4.toml" in str(caught.value)


def test_a_password_in_a_url_is_never_shown(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, {"identity": "postgresql://me:secret@host/db"})
    assert "secret" not in str(caught.value)


def test_funnels_are_read(tmp_path: Path) -> None:
    (tmp_path / "ga4.toml").write_text(
        "[[funnels]]\nname = 'sign up'\nsteps = ['visit', 'sign_up']\nwindow_seconds = 1800\n"
    )
    assert load_settings(tmp_path).funnels == (
        FunnelSetting("sign up", ("visit", "sign_up"), 1800),
    )


def test_the_nearest_workspace_upwards(tmp_path: Path) -> None:
    (tmp_path / "ga4.toml").touch()
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    assert find_workspace(inside) == tmp_path


def test_columns_are_read_and_written(tmp_path: Path) -> None:
    (tmp_path / "ga4.toml").write_text(
        "[[columns]]\nname = 'plan'\nsource = 'user_properties.plan'\nkind = 'text'\n"
        "[[columns]]\nname = 'brand'\nsource = 'items.item_brand'\nkind = 'texts'\n"
    )
    found = load_settings(tmp_path)
    assert found.columns == (
        ColumnSetting("plan", "user_properties.plan", "text"),
        ColumnSetting("brand", "items.item_brand", "texts"),
    )
    (tmp_path / "ga4.toml").write_text(settings_file(found))
    assert load_settings(tmp_path) == found
