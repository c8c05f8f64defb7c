"""``qa3 endpoint``: serves ChatGLM3 on this machine; ``convert`` writes other formats of it."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Any, Literal

import typer

from messages import say

MODEL = "chatglm3-6b"
OWNERS = ("THUDM", "ZhipuAI")  # on Hugging Face, on ModelScope
TENSORS_A_LINE = 20  # of some 200


class Bits(str, Enum):
    """Bits per weight of a quantized model."""

    FOUR = "4"
    EIGHT = "8"


GGUF_KINDS: dict[Bits | None, Literal["q4_0", "q8_0", "f16"]] = {
    Bits.FOUR: "q4_0",
    Bits.EIGHT: "q8_0",
    None: "f16",
}


class Device(str, Enum):
    """Where the model runs."""

    AUTO = "auto"
    CUDA = "cuda"
    CPU = "cpu"


class Runner(str, Enum):
    """The inference engine."""

    AUTO = "auto"
    TORCH = "torch"
    LLAMACPP = "llamacpp"


class Target(str, Enum):
    """What ``convert`` writes."""

    NATIVE = "native"
    GGUF = "gguf"


def add_commands(app: typer.Typer, lang: str) -> None:
    """Adds ``endpoint`` and ``endpoint convert`` with their help in a language."""
    group = typer.Typer(help=say("cli.endpoint", lang), invoke_without_command=True)
    app.add_typer(group, name="endpoint")

    def option(default: Any, name: str, code: str, **more: Any) -> Any:
        return typer.Option(default, name, help=say(code, lang), **more)

    @group.callback()
    def endpoint(
        context: typer.Context,
        model: str = option(MODEL, "--model", "cli.endpoint_model"),
        quantize: Bits | None = option(None, "--quantize", "cli.endpoint_quantize"),
        device: Device = option(Device.AUTO, "--device", "cli.endpoint_device"),
        host: str = option("127.0.0.1", "--host", "cli.host"),
        port: int = option(8000, "--port", "cli.port", min=0, max=65_535),
        api_key: str = option("", "--api-key", "cli.endpoint_key", envvar="QA3_ENDPOINT_KEY"),
        slots: int = option(8, "--slots", "cli.endpoint_slots", min=1, max=256),
        tokens: int | None = option(None, "--context", "cli.endpoint_context", min=16),
        runner: Runner = option(Runner.AUTO, "--engine", "cli.endpoint_engine"),
        name: str = option(MODEL, "--name", "cli.endpoint_name"),
        cors_origin: list[str] = option([], "--cors-origin", "cli.cors_origin"),
    ) -> None:
        if context.invoked_subcommand:
            return
        check_packages()
        from chains import models_folder
        from endpoint import bind, create_app, open_engine, serve, usable_origins

        from .embedder import bge_embedder

        usable_origins(cors_origin)
        folder = find_model(model)
        opened = bind(host, port, api_key)
        typer.echo(context.obj("cli.endpoint_loading", folder=folder), err=True)
        engine, tokenizer = open_engine(
            folder,
            device=device.value,
            quantize=int(quantize.value) if quantize else None,
            slots=slots,
            context=tokens,
            engine=runner.value,
            converted=models_folder() / "gguf",
        )
        app = create_app(
            engine,
            tokenizer,
            model_name=name,
            api_key=api_key,
            slots=slots,
            embedder=bge_embedder(),
            origins=cors_origin,
        )
        place = f"http://{f'[{host}]' if ':' in host else host}:{opened.getsockname()[1]}/v1"
        message = context.obj(
            "cli.endpoint_serving", name=name, address=place, context=engine.context
        )
        serve(app, opened, lambda: typer.echo(message, err=True))

    @group.command("convert", help=say("cli.endpoint_convert", lang))
    def convert(
        context: typer.Context,
        folder: Path = typer.Argument(help=say("cli.endpoint_folder", lang)),
        out: Path = typer.Argument(help=say("cli.endpoint_out", lang)),
        to: Target = option(Target.NATIVE, "--to", "cli.endpoint_to"),
        quantize: Bits | None = option(None, "--quantize", "cli.endpoint_bits"),
    ) -> None:
        def show_progress(done: int, total: int) -> None:
            if done % TENSORS_A_LINE == 0:
                typer.echo(context.obj("cli.endpoint_tensors", done=done, total=total), err=True)

        if quantize and to is Target.NATIVE:
            raise typer.BadParameter(say("cli.endpoint_bits", lang), param_hint="--quantize")
        check_packages()
        if to is Target.NATIVE:
            from endpoint import write_native

            written = write_native(folder, out, show_progress)
        else:
            from endpoint import write_gguf

            written = write_gguf(folder, out, GGUF_KINDS[quantize], show_progress)
        typer.echo(str(written))


def check_packages() -> None:
    """Raises EndpointError if a package of the extra ``endpoint`` is not installed.

    Raises:
        EndpointError: One is missing.
    """
    from importlib.util import find_spec

    from endpoint import EndpointError

    for package in ("torch", "transformers", "sentencepiece", "fastapi", "uvicorn"):
        if find_spec(package) is None:
            raise EndpointError("endpoint.no_package", package=package)


def find_model(given: str) -> Path:
    """The folder or file of a model, given its path or its name.

    Raises:
        EndpointError: It is not on this machine.
    """
    from chains import find_folder
    from endpoint import EndpointError

    path = Path(given).expanduser()
    if path.exists():
        return path
    names = [given] if "/" in given else [f"{owner}/{given}" for owner in OWNERS]
    found = next(filter(None, map(find_folder, names)), None)
    if found is None:
        raise EndpointError("endpoint.no_model", model=given)
    return found
