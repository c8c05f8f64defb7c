"""Runs clients that cannot be installed beside the others: instructor, and OpenAI's for JavaScript.

    python -m bench.endpoint_clients --instructor VENV/bin/python --openai-js FOLDER/node_modules

instructor asks for an older jiter than OpenAI's client here, so it needs an environment of its own;
``npm install openai`` makes the second folder. Each is driven against a served scripted model; what
worked is saved with the versions.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from bench.report import save_result
from bench.scripted_endpoint import ScriptedEngine, Served

INSTRUCTOR = """
import json, sys
from importlib.metadata import version
import instructor, openai
from pydantic import BaseModel
class City(BaseModel):
    name: str
    million: int
worked = []
for mode in ("TOOLS", "JSON", "JSON_SCHEMA"):
    client = instructor.from_openai(
        openai.OpenAI(base_url=sys.argv[1], api_key="any"), mode=getattr(instructor.Mode, mode))
    made = client.chat.completions.create(
        model="chatglm3-6b", response_model=City, messages=[{"role": "user", "content": "hi"}])
    assert made.million == 3, made
    worked.append(mode)
print(json.dumps({"version": version("instructor"), "openai": version("openai"), "works": worked}))
"""
JAVASCRIPT = """
import OpenAI from "openai";
import { readFileSync } from "fs";
const [base, folder] = process.argv.slice(2);
const client = new OpenAI({ baseURL: base, apiKey: "any", maxRetries: 0 });
const model = "chatglm3-6b", works = [];
const messages = [{ role: "user", content: "hello" }];
const must = (held, name) => { if (!held) throw new Error(name); works.push(name); };
const whole = await client.chat.completions.create({ model, messages });
must(whole.choices[0].message.content === "Hello." && whole._request_id, "chat");
let text = "";
for await (const part of await client.chat.completions.create({ model, messages, stream: true }))
  text += part.choices[0].delta.content ?? "";
must(text === "Hello.", "stream");
const tools = [{ type: "function", function: { name: "add", parameters: {
  type: "object", properties: { a: { type: "integer" } }, required: ["a"] } } }];
const called = await client.chat.completions.create(
  { model, messages, tools, tool_choice: { type: "function", function: { name: "add" } } });
must(JSON.parse(called.choices[0].message.tool_calls[0].function.arguments).a === 3, "tools");
const read = await client.chat.completions.create({ model, messages, response_format: {
  type: "json_schema", json_schema: { name: "n", schema: tools[0].function.parameters } } });
must(JSON.parse(read.choices[0].message.content).a === 3, "json_schema");
const all = []; for await (const one of client.models.list()) all.push(one.id);
must(all.includes(model), "models");
const told = await client.chat.completions.create(
  { model, messages: [{ role: "user", content: "x".repeat(9000) }] }).catch((error) => error);
must(told.code === "context_length_exceeded" && told.status === 400, "errors");
const version = JSON.parse(readFileSync(`${folder}/openai/package.json`)).version;
console.log(JSON.stringify({ version, node: process.version, works }));
"""


def main() -> None:
    """Runs both, prints what worked, and saves it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--instructor", type=Path, help="a Python that has instructor")
    parser.add_argument("--openai-js", type=Path, help="node_modules with openai")
    options = parser.parse_args()
    figures: dict[str, Any] = {}
    city = json.dumps({"name": "Paris", "million": 3})
    engine = ScriptedEngine(
        lambda asked: city if "million" in asked else "Hello.",
        context=8192,
        guided=True,
        seeded=True,
    )
    with Served(engine) as served:
        if options.instructor:
            order = [str(options.instructor.absolute()), "-c", INSTRUCTOR, served.base_url]
            figures["instructor"] = answer(order)
        if options.openai_js:
            figures["openai for JavaScript"] = javascript(options.openai_js, served)
    print(json.dumps(figures, indent=1))
    save_result("endpoint_clients", figures)


def javascript(modules: Path, served: Served) -> Any:
    """What worked of OpenAI's client for JavaScript; Node looks for modules beside the script."""
    with tempfile.NamedTemporaryFile(
        "w", suffix=".mjs", dir=modules.parent, encoding="utf-8"
    ) as script:
        script.write(JAVASCRIPT)
        script.flush()
        return answer(["node", script.name, served.base_url, str(modules.absolute())])


def answer(order: list[str]) -> Any:
    """What a program prints on its last line, as JSON."""
    done = subprocess.run(order, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return json.loads(done.stdout.splitlines()[-1])


if __name__ == "__main__":
    main()
