# SPDX-License-Identifier: Apache-2.0
"""The console script `adk-litellm-fix`.

A mistake of the user's, and a refusal of a provider's, is one line on stderr and exit status 2. A traceback is a bug of ours.
"""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import os
import shlex
import sys
import warnings
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from . import __version__
from .cli_faults import faults
from .cli_samples import check_sample, import_from_samples
from .errors import FixError
from .versions import check_versions

if TYPE_CHECKING:
    from .replay import ReplayProvider

_PROVIDER_ERRORS = ("litellm", "openai", "google.auth", "httpx")
"""The packages whose exceptions mean that a model call failed."""


class _Failure(click.ClickException):
    """One line on stderr, exit status 2."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Write the line."""
        click.echo(f"adk-litellm-fix: {' '.join(self.message.split())}", file=file, err=True)


class _Group(click.Group):
    """Turns the exceptions that are not bugs into their one line."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except FixError as error:
            raise _Failure(str(error)) from error
        except Exception as error:
            if not type(error).__module__.startswith(_PROVIDER_ERRORS):
                raise
            message = str(error).strip().partition("\n")[0]
            raise _Failure(f"the model call failed: {type(error).__name__}: {message}") from error


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="adk-litellm-fix")
def main() -> None:
    """Streams you can trust, for Google ADK agents on LiteLLM models."""


@main.command()
@click.argument("sample", default="multi_agent_vertex")
@click.option("--pace", type=click.FloatRange(min=0), help="Tokens per second of a replay; 0: as fast as possible.")
@click.option("--live", is_flag=True, help="Call the real models, and fail if their credentials are missing.")
def demo(sample: str, pace: float | None, live: bool) -> None:
    """Run a sample's agents in this terminal, streamed (default: multi_agent_vertex).

    Without credentials the models are played by a replay provider on this machine.
    """
    check_versions()
    check_sample(sample)
    if pace is not None:
        os.environ["ADK_FIX_PACE"] = str(pace)
    if live:
        os.environ["ADK_FIX_PROVIDER"] = "live"
    _hush()
    console = _console()
    with _loading():
        module = import_from_samples(f"{sample}.demo")
    asyncio.run(module.main(console))


@main.command()
@click.argument("scenario", type=click.Path(dir_okay=False))
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535), help="0: any free port.")
@click.option("--pace", type=click.FloatRange(min=0), default=60, show_default=True, help="Tokens per second; 0: as fast as possible.")
def replay(scenario: str, host: str, port: int, pace: float) -> None:
    """Play a scenario file as OpenAI, Azure, Anthropic, Gemini, Ollama and Vertex AI would, until interrupted.

    Prints the environment variables that point LiteLLM there, as shell commands.
    """
    from .replay import serve

    serve(scenario, host=host, port=port, pace=pace, on_ready=_say_where)


main.add_command(faults)


def _say_where(provider: ReplayProvider) -> None:
    for name, value in provider.environment().items():
        click.echo(f"export {name}={shlex.quote(value)}")
    click.echo(f"Replay at {provider.base_url}; Ctrl-C stops it.", err=True)


def _console() -> Console:
    """A console on stdout that never fails on a character its encoding lacks."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return Console(highlight=False)


def _loading() -> contextlib.AbstractContextManager[Any]:
    """Say why nothing happens yet: importing ADK and LiteLLM takes up to ten seconds on a cold machine."""
    message = "Loading ADK and LiteLLM ..."
    console = Console(stderr=True)
    if console.is_terminal:
        return console.status(message)
    click.echo(message, err=True)
    return contextlib.nullcontext()


def _hush() -> None:
    """Keep what ADK, LiteLLM and their dependencies say about themselves out of the demo. Errors still show."""
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    os.environ.setdefault("LITELLM_LOG", "ERROR")
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
        # Some of them reset the filters when they are imported.
        os.environ.setdefault("PYTHONWARNINGS", "ignore")
    # What these log on a failed call stands in the exception, too; asyncio says which of LiteLLM's connections the process did not close.
    for name in ("google_adk", "LiteLLM", "asyncio"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
