"""The comparison as Markdown tables, in English and in Chinese."""

from __future__ import annotations

from typing import Any

Figures = dict[str, Any]
Words = dict[str, str]

ENGLISH = {
    "title": "Beside other tools",
    "intro": "The same documents, the same simulated model over HTTP, each tool in an environment "
    "of its own under the best settings its documentation names. The ideal is the time a tool's "
    "own calls take at the least. LangExtract takes strings: its script reads files as UTF-8. Exit "
    "codes in brackets.",
    "pairs": "pairs recovered, of {facts}",
    "ordinary": "replies as asked for",
    "lines": "Chinese text with single newlines",
    "gbk": "a GBK file",
    "fenced": "replies in a code fence with words around",
    "labels": "replies as lines of question and answer",
    "truncated": "10 % of replies cut off",
    "storm": "429 to every call for 12 s",
    "refused": "one passage always refused with 400",
    "invented": "30 % of replies with an invented pair",
    "killed": "kill -9 half-way: on disk",
    "again": "... after the same command again",
    "twice": "... replies paid for twice",
    "restated": "half of the facts stated twice: pairs too many",
    "lost": "... of {facts} facts stated once: lost",
    "wide 8": "concurrency 8: asking, of the ideal {ideal} s",
    "wide 32": "concurrency 32: asking, of the ideal {ideal} s",
    "whole": "... the whole command",
    "first": "first pair visible",
    "memory": "peak memory",
    "wrong": "{wrong} wrong",
    "exit": "exit {exit}",
    "times": "{times} times ({seconds} s)",
    "python": "{seconds} s by Python, {cli} s by the command line",
    "pairs replies": "{0} pairs, {1} replies in the journal",
    "none": "none",
    "said": "What each said",
    "case": "case",
}
CHINESE = {
    "title": "与其他工具的对比",
    "intro": "同样的文档，同一个经 HTTP 应答的模拟模型；每个工具都装在自己的环境里，"
    "用其文档给出的最佳设置。理想值是该工具自己的那些调用至少要用的时间。"
    "LangExtract 只接受字符串，脚本按 UTF-8 读取文件。括号里是退出码。",
    "pairs": "得到的问答对，共 {facts}",
    "ordinary": "按要求的格式回复",
    "lines": "只用单换行的中文文本",
    "gbk": "GBK 编码的文件",
    "fenced": "回复放在代码块里，前后有话",
    "labels": "回复写成“问：/答：”行",
    "truncated": "10% 的回复被截断",
    "storm": "12 秒内所有调用都返回 429",
    "refused": "有一段文字总被 400 拒绝",
    "invented": "30% 的回复里混入一对编造的问答",
    "killed": "中途 kill -9：磁盘上留下",
    "again": "……再次执行同一命令之后",
    "twice": "……重复付费的回复",
    "restated": "一半事实说了两遍：多余的问答对",
    "lost": "……只说一遍的 {facts} 个事实：丢失",
    "wide 8": "并发 8：提问用时，理想值 {ideal} 秒的",
    "wide 32": "并发 32：提问用时，理想值 {ideal} 秒的",
    "whole": "……整条命令",
    "first": "看到第一对问答",
    "memory": "内存峰值",
    "wrong": "{wrong} 对错误",
    "exit": "退出码 {exit}",
    "times": "{times} 倍（{seconds} 秒）",
    "python": "Python 接口 {seconds} 秒，命令行 {cli} 秒",
    "pairs replies": "{0} 对，日志中有 {1} 条回复",
    "none": "无",
    "said": "各工具的原话",
    "case": "情形",
}
RECOVERED = ("ordinary", "lines", "gbk", "fenced", "labels", "truncated", "storm", "refused")


def tables(versions: Words, cases: Figures) -> str:
    """Both languages, one after the other, with what the tools said at the end.

    Args:
        versions: Of each tool.
        cases: The figures of each case and tool.
    """
    parts = [_table(versions, cases, words) for words in (ENGLISH, CHINESE)]
    return "\n\n".join([*parts, _said(versions, cases)]) + "\n"


def _table(versions: Words, cases: Figures, words: Words) -> str:
    names = list(versions)
    heads = [f"{name} {version}" for name, version in versions.items()]
    lines = [
        f"## {words['title']}",
        "",
        words["intro"],
        "",
        f"| | {' | '.join(heads)} |",
        "|---|" + "---|" * len(heads),
    ]
    for label, cells in [*_recovering(cases, names, words), *_further(cases, names, words)]:
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _recovering(cases: Figures, names: list[str], words: Words) -> list[tuple[str, list[str]]]:
    """Rows of pairs recovered."""
    rows = []
    for case in (*RECOVERED, "invented"):
        if case not in cases:
            continue
        facts = next(iter(cases[case].values()))["facts"]
        label = f"{words[case]}: {words['pairs'].format(facts=facts)}"
        rows.append((label, [_pairs(cases[case].get(name), words) for name in names]))
    return rows


def _further(cases: Figures, names: list[str], words: Words) -> list[tuple[str, list[str]]]:
    """Rows of everything else."""
    rows: list[tuple[str, list[str]]] = []

    def add(case: str, label: str, cell: Any) -> None:
        of_case = cases.get(case)
        if of_case:
            known = [of_case.get(name) for name in names]
            rows.append((label, [cell(figures) if figures else "" for figures in known]))

    add("killed", words["killed"], lambda one: _on_disk(one, words))
    add("killed", words["again"], lambda one: _pairs(one, words))
    add("killed", words["twice"], lambda one: str(one["answered twice"]))
    add("restated", words["restated"], lambda one: str(one["repeated"]))
    once = next(iter(cases.get("ordinary", {}).values()), {"facts": 0})
    label = words["lost"].format(facts=once["facts"])
    add("ordinary", label, lambda one: str(one["facts"] - one["recovered"]))
    for case in ("wide 8", "wide 32"):
        label = words[case].format(ideal=_ideals(cases.get(case, {})))
        add(case, label, lambda one: _times(one, "asking", words))
        add(case, words["whole"], lambda one: _times(one, "seconds", words))
    add("wide 8", words["first"], lambda one: _first(one, words))
    add("wide 8", words["memory"], lambda one: f"{one['MB']} MB")
    return rows


def _pairs(figures: Figures | None, words: Words) -> str:
    if figures is None:
        return ""
    more = [words["wrong"].format(wrong=figures["wrong"])] if figures["wrong"] else []
    more.append(words["exit"].format(exit=figures["exit"]))
    return f"{figures['recovered']} ({', '.join(more)})"


def _on_disk(figures: Figures, words: Words) -> str:
    pairs, replies = figures["on disk"]["pairs"], figures["on disk"]["replies"]
    if replies:
        return words["pairs replies"].format(pairs, replies)
    return str(pairs) if pairs else words["none"]


def _ideals(of_case: Figures) -> str:
    """The least and the most of the tools' ideals: each has its own number of calls."""
    ideals = sorted(figures["ideal"] for figures in of_case.values()) or [0.0]
    return f"{ideals[0]:.0f}–{ideals[-1]:.0f}"


def _times(figures: Figures, what: str, words: Words) -> str:
    """How many times the ideal, and the seconds."""
    times, seconds = figures[f"{what}/ideal"], round(figures[what], 1)
    return words["times"].format(times=times, seconds=seconds)


def _first(figures: Figures, words: Words) -> str:
    if "first by Python" in figures:
        return words["python"].format(seconds=figures["first by Python"], cli=figures["first"])
    return f"{figures['first']} s"


def _said(versions: Words, cases: Figures) -> str:
    """What the tools printed, in their own words."""
    lines = [f"## {ENGLISH['said']} / {CHINESE['said']}", ""]
    for case, of_case in cases.items():
        lines += [f"### {ENGLISH[case].partition(':')[0]} / {CHINESE[case].partition('：')[0]}", ""]
        for name in versions:
            said = of_case.get(name, {}).get("said", [])
            lines.append(f"- {name}: " + " … ".join(f"`{line.replace('`', '')}`" for line in said))
        lines.append("")
    return "\n".join(lines).rstrip()
