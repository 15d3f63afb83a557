# SPDX-License-Identifier: Apache-2.0
from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

from adk_litellm_fix.replay import ReplayProvider

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(300)
finds_vertex = pytest.mark.skipif(
    metadata.version("litellm").startswith("1.80."), reason="this LiteLLM takes VERTEXAI_API_BASE for the URL of one model"
)
SECRETS = re.compile(r"API_KEY|^VERTEX|^GOOGLE_|^ADK_FIX|^K_SERVICE|^CLOUDSDK")


def run(*arguments: str, timeout: float = 200, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the CLI as on a machine without credentials, in a pipe."""
    environment = {name: value for name, value in os.environ.items() if not SECRETS.search(name)}
    environment |= {"PYTHONPATH": str(ROOT), "CLOUDSDK_CONFIG": "/nonexistent", "NO_PROXY": "127.0.0.1,localhost", **variables}
    return subprocess.run(
        [sys.executable, "-m", "adk_litellm_fix", *arguments],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def one_line(process: subprocess.CompletedProcess[str]) -> str:
    """The one line of a refusal: status 2, nothing on stdout, no traceback."""
    assert process.returncode == 2, process.stderr
    assert process.stdout == ""
    lines = [line for line in process.stderr.splitlines() if line.startswith("adk-litellm-fix: ")]
    assert len(lines) == 1, process.stderr
    assert "Traceback" not in process.stderr
    return lines[0]


@pytest.fixture(scope="module")
def demo() -> subprocess.CompletedProcess[str]:
    return run("demo", "--pace", "0")


def test_the_demo_ends_by_itself_with_status_0(demo):
    assert demo.returncode == 0, demo.stderr


def test_the_demo_says_that_the_models_are_replayed(demo):
    assert "Replay: the models' answers come from" in demo.stderr


def test_the_demo_shows_speakers_thoughts_calls_results_and_the_answer(demo):
    text = " ".join(demo.stdout.split())

    assert "hike_desk vertex_ai/claude-sonnet-4-5@20250929" in text
    assert "guide vertex_ai/openai/gpt-oss-120b-maas" in text
    assert "Weight and cost do not depend on each other." in text
    assert '\N{RIGHTWARDS ARROW} walking_time(start="Larch", end="Silver Pass")' in text
    assert '\N{LEFTWARDS ARROW} walking_time {"km": 7.2, "ascent_m": 980, "descent_m": 60, "minutes": 257}' in text
    assert "213.79 EUR for both" in text


def test_the_demo_shows_finish_reason_and_usage_of_each_turn(demo):
    assert len(re.findall(r"^  STOP \(\w+\) \| [\d,]+ in \| [\d,]+ out", demo.stdout, re.MULTILINE)) == 7
    assert "7 model turns" in demo.stdout


def test_the_demo_in_a_pipe_has_no_control_characters_and_fits_80_columns(demo):
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", demo.stdout)
    assert max(map(len, demo.stdout.splitlines())) <= 80


def test_the_demo_writes_each_text_once(demo):
    assert demo.stdout.count("Weight and cost do not depend on each other.") == 1
    assert demo.stdout.count("Your Saturday from Larch to Lake Hut:") == 1


def test_the_demo_is_quiet_about_its_dependencies(demo):
    lines = demo.stderr.splitlines()

    assert [line for line in lines if not line.startswith(("Loading ADK", "Replay:"))] == []


def test_the_demo_of_finish_reasons_shows_each_of_them():
    process = run("demo", "finish_reasons", "--pace", "0")

    assert process.returncode == 0, process.stderr
    for ending in ("STOP (end_turn)", "MAX_TOKENS (max_tokens)", "SAFETY (refusal)"):
        assert ending in process.stdout


def test_the_demo_of_broken_streams_shows_the_table_of_the_readme():
    process = run("demo", "broken_streams", "--pace", "0")

    assert process.returncode == 0, process.stderr
    assert "content filter" in process.stdout
    if (metadata.version("google-adk"), metadata.version("litellm")) == ("2.13.0", "1.106.2"):
        assert process.stdout.rstrip() in (ROOT / "README.md").read_text()


def test_the_console_script_and_the_module_know_their_version():
    process = run("--version")

    assert process.returncode == 0
    assert re.fullmatch(r"adk-litellm-fix, version \d+\.\d+\.\d+\S*\n", process.stdout)


@pytest.mark.parametrize("arguments", [("--help",), ("demo", "--help"), ("replay", "--help")])
def test_help_is_there_at_once(arguments):
    process = run(*arguments, timeout=60)

    assert process.returncode == 0
    assert process.stdout.startswith("Usage:")


def test_an_unknown_demo_is_refused_with_the_names_of_those_there_are():
    names = ", ".join(sorted(path.parent.name for path in ROOT.glob("samples/*/demo.py")))

    assert one_line(run("demo", "nope")) == f"adk-litellm-fix: there is no demo 'nope'; there are {names}"


def test_a_live_demo_without_a_project_names_the_variable():
    assert "vertex_ai/openai/gpt-oss-120b-maas needs VERTEXAI_PROJECT;" in one_line(run("demo", "--live"))


@finds_vertex
def test_a_live_demo_calls_vertex_ai_as_the_environment_says():
    with ReplayProvider(ROOT / "samples/multi_agent_vertex/scenario.yaml") as vertex:
        process = run("demo", "--live", **vertex.environment())

    assert process.returncode == 0, process.stderr
    assert "Replay" not in process.stderr
    assert "213.79 EUR for both" in process.stdout
    assert {ask.wire for ask in vertex.requests} == {"vertex_anthropic", "vertex_openai"}


@finds_vertex
def test_a_provider_that_refuses_the_call_is_one_line(tmp_path):
    scenario = tmp_path / "denied.yaml"
    scenario.write_text("turns:\n  - error: {status: 403, message: Claude is not enabled for this project}\n")
    with ReplayProvider(scenario) as vertex:
        process = run("demo", "--live", **vertex.environment())

    assert process.returncode == 2
    assert "Traceback" not in process.stderr
    line = process.stderr.splitlines()[-1]
    assert line.startswith("adk-litellm-fix: the model call failed: ")
    assert "Claude is not enabled for this project" in line


def test_an_unknown_provider_is_refused():
    assert "nonesuch" in one_line(run("demo", "--pace", "0", ADK_FIX_COORDINATOR_MODEL="nonesuch/model"))


def test_a_scenario_with_a_mistake_is_refused_with_file_and_line(tmp_path):
    scenario = tmp_path / "bad.yaml"
    scenario.write_text("turns:\n  - text: hello\n  - txet: hello\n")

    assert f"{scenario}:3: " in one_line(run("replay", str(scenario)))


def test_a_scenario_that_is_not_there_is_refused():
    assert "nowhere.yaml" in one_line(run("replay", "nowhere.yaml"))


def test_a_port_in_use_is_refused():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        assert "in use" in one_line(run("replay", str(ROOT / "samples/multi_agent_vertex/scenario.yaml"), "--port", str(port)))


@pytest.mark.parametrize(
    ("package", "version", "cure"),
    [
        ("google-adk", "1.18.0", "pip install -U 'google-adk>=1.19'"),
        ("litellm", "1.79.3", "pip install -U 'litellm>=1.80'"),
    ],
)
def test_an_old_package_is_refused_with_the_command_that_cures_it(tmp_path, package, version, cure):
    pretend_installed(tmp_path, package, version)

    line = one_line(run("demo", PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}"))

    assert f"{package} is {version}. Run: {cure}" in line


def test_litellm_1_106_without_mcp_2_is_refused_with_the_command_that_cures_it(tmp_path):
    pretend_installed(tmp_path, "litellm", "1.106.2")
    pretend_installed(tmp_path, "mcp", "1.30.0")

    line = one_line(run("demo", PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}"))

    assert line.endswith("cannot call a model with tools without mcp>=2; mcp is 1.30.0. Run: pip install -U 'mcp>=2'")


def pretend_installed(folder: Path, package: str, version: str) -> None:
    """Put metadata of a package where Python finds it before the real one's."""
    info = folder / f"{package.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n")
