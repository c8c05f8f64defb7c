"""``qa3 endpoint``: serves ChatGLM3 on this machine; ``convert`` writes other formats of it."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Literal

import typer

from messages import say

from .help import Command, Group
from .options import PORTS, argument, option
from .usage import Misuse

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
    group = typer.Typer(help=say("cli.endpoint", lang), invoke_without_command=True, cls=Group)
    app.add_typer(group, name="endpoint")

    @group.callback()
    def endpoint(
        context: typer.Context,
        model: str = option(
            lang, MODEL, "--model", says="cli.endpoint_model", takes="metavar.name"
        ),
        quantize: Bits | None = option(
            lang, None, "--quantize", says="cli.endpoint_quantize", one_of=Bits
        ),
        device: Device = option(
            lang, Device.AUTO, "--device", says="cli.endpoint_device", one_of=Device
        ),
        host: str = option(lang, "127.0.0.1", "--host", says="cli.host", takes="metavar.address"),
        port: int = option(lang, 8000, "--port", says="cli.port", within=PORTS),
        api_key: str = option(
            lang,
            "",
            "--api-key",
            says="cli.endpoint_key",
            takes="metavar.text",
            envvar="QA3_ENDPOINT_KEY",
        ),
        slots: int = option(lang, 8, "--slots", says="cli.endpoint_slots", within=(1, 256)),
        tokens: int | None = option(
            lang, None, "--context", says="cli.endpoint_context", within=(16, 1_000_000)
        ),
        runner: Runner = option(
            lang, Runner.AUTO, "--engine", says="cli.endpoint_engine", one_of=Runner
        ),
        name: str = option(lang, MODEL, "--name", says="cli.endpoint_name", takes="metavar.name"),
        cors_origin: list[str] = option(
            lang, [], "--cors-origin", says="cli.cors_origin", takes="metavar.address"
        ),
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

    @group.command("convert", help=say("cli.endpoint_convert", lang), cls=Command)
    def convert(
        context: typer.Context,
        folder: Path = argument(lang, ..., says="cli.endpoint_folder", takes="metavar.folder"),
        out: Path = argument(lang, ..., says="cli.endpoint_out", takes="metavar.out"),
        to: Target = option(lang, Target.NATIVE, "--to", says="cli.endpoint_to", one_of=Target),
        quantize: Bits | None = option(
            lang, None, "--quantize", says="cli.endpoint_bits", one_of=Bits
        ),
    ) -> None:
        def show_progress(done: int, total: int) -> None:
            if done % TENSORS_A_LINE == 0:
                typer.echo(context.obj("cli.endpoint_tensors", done=done, total=total), err=True)

        if quantize and to is Target.NATIVE:
            raise Misuse("cli.bits_of_gguf", context)
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
