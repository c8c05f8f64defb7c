"""The comparison as Markdown tables, in English and in Chinese."""

from __future__ import annotations

from typing import Any

Figures = dict[str, Any]
Words = dict[str, str]

ENGLISH = {
    "title": "Beside other tools",
    "intro": "The same documents, the same simulated model over HTTP, each tool in an environment "
    "of its own under the best settings its documentation names. The ideal is the time a tool's "
    "own calls take at the least. LangExtract takes strings: its script reads files as UTF-8. In a "
    "table the model knows a value's column by its cell's bounds or, where a text has none, by the "
    "order of values. The labelled pairs reach each tool in the form that it asks for, with the "
    "documents as text for all but qa3; the judge's verdicts are a strong model's that saw the "
    "passages, which `curate` of synthetic-data-kit does not show. Exit codes in brackets.",
    "earlier": " Times and memory are of {date}, and of the versions of that day.",
    "pairs": "pairs recovered, of {facts}",
    "ordinary": "replies as asked for",
    "lines": "Chinese text with single newlines",
    "gbk": "a GBK file",
    "fenced": "replies in a code fence with words around",
    "labels": "replies as lines of question and answer",
    "truncated": "10 % of replies cut off",
    "half": "30 % of replies are the first half of their JSON, said to be whole",
    "thinking": "thoughts with a draft before each reply",
    "moderated": "one passage always filtered, with an empty reply",
    "table": "PDF pages with a ruled table",
    "merged": ".docx with merged cells",
    "columns": "PDF pages of three columns",
    "storm": "429 to every call for 12 s",
    "refused": "one passage always refused with 400",
    "invented": "30 % of replies with an invented pair",
    "killed": "kill -9 half-way: on disk",
    "again": "... after the same command again",
    "twice": "kill -9 half-way and the same command again: replies paid for twice",
    "restated": "half of the facts stated twice: pairs too many",
    "good": "labelled pairs of strong models: good ones lost, of {good}",
    "bad": "... bad ones kept, of {bad}",
    "left": "... duplicates left",
    "judged": "{alone}; with a strong judge {judged}",
    "review": "reviewing 60 pairs: 45 accepted, 10 left out, 5 reworded",
    "review kit": "{clicks} clicks on its page, without the passage; what was accepted is not kept",
    "review lx": "a page that shows, and corrects nothing",
    "review chain": "nothing: a file",
    "review qa3": "{keys} keys, each pair beside its passage ({clicks} clicks in 0.1)",
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
    "LangExtract 只接受字符串，脚本按 UTF-8 读取文件。读表格时，模型按单元格的边界判断"
    "数值属于哪一列，文本里没有边界就按数值的顺序。已标注的问答对按各工具所要的格式给出，"
    "除 qa3 外文档都以纯文本给出；检查时的判断来自看过原文的强模型，而 synthetic-data-kit 的 "
    "`curate` 并不给出原文。括号里是退出码。",
    "earlier": "用时和内存是 {date} 用当时的版本量的。",
    "pairs": "得到的问答对，共 {facts}",
    "ordinary": "按要求的格式回复",
    "lines": "只用单换行的中文文本",
    "gbk": "GBK 编码的文件",
    "fenced": "回复放在代码块里，前后有话",
    "labels": "回复写成“问：/答：”行",
    "truncated": "10% 的回复被截断",
    "half": "30% 的回复只有 JSON 的前一半，却称已完整",
    "thinking": "每条回复前有思考过程和草稿",
    "moderated": "有一段文字总被审核，回复为空",
    "table": "带框线表格的 PDF 页",
    "merged": "有合并单元格的 .docx",
    "columns": "三栏的 PDF 页",
    "storm": "12 秒内所有调用都返回 429",
    "refused": "有一段文字总被 400 拒绝",
    "invented": "30% 的回复里混入一对编造的问答",
    "killed": "中途 kill -9：磁盘上留下",
    "again": "……再次执行同一命令之后",
    "twice": "中途 kill -9 再执行同一命令：重复付费的回复",
    "restated": "一半事实说了两遍：多余的问答对",
    "good": "强模型的已标注问答对：丢失的好问答对，共 {good}",
    "bad": "……留下的坏问答对，共 {bad}",
    "left": "……留下的重复",
    "judged": "{alone}；有强模型检查时 {judged}",
    "review": "审阅 60 对：接受 45，剔除 10，改写 5",
    "review kit": "在其网页上点击 {clicks} 次，不显示原文；接受与否不保存",
    "review lx": "只能看的网页，不能改",
    "review chain": "没有，只有文件",
    "review qa3": "按键 {keys} 次，每对都在原文旁（0.1 版点击 {clicks} 次）",
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
RECOVERED = (
    "ordinary", "lines", "gbk", "table", "merged", "columns", "fenced", "labels", "thinking",
    "truncated", "half", "storm", "refused", "moderated",
)  # fmt: skip
_KIT_CLICKS = 10 * 2 + 5 * 3
"""A pair is deleted with a button and a confirmation, reworded with two buttons and a click
between; its page has nothing to accept with."""


def tables(versions: Words, cases: Figures, strong: Figures, review: Figures) -> str:
    """Both languages, one after the other, with what the tools said at the end.

    Args:
        versions: Of each tool.
        cases: The figures of each case and tool.
        strong: Of each tool, what became of labelled pairs.
        review: Keys and clicks at the desk.
    """
    parts = [_table(versions, cases, strong, review, words) for words in (ENGLISH, CHINESE)]
    return "\n\n".join([*parts, _said(versions, cases)]) + "\n"


def _table(versions: Words, cases: Figures, strong: Figures, review: Figures, words: Words) -> str:
    names = list(versions)
    heads = [f"{name} {version}" for name, version in versions.items()]
    lines = [
        f"## {words['title']}",
        "",
        words["intro"] + _earlier(cases, words),
        "",
        f"| | {' | '.join(heads)} |",
        "|---|" + "---|" * len(heads),
    ]
    rows = [
        *_recovering(cases, names, words),
        *_labelled(strong, names, words),
        *_further(cases, names, words),
        (words["review"], _reviewing(review, words)),
    ]
    for label, cells in rows:
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _earlier(cases: Figures, words: Words) -> str:
    """A sentence where times were measured on another day, since they want a quiet machine."""
    dates = [
        max((figures["date"] for figures in cases.get(case, {}).values()), default="")
        for case in ("ordinary", "wide 8")
    ]
    return words["earlier"].format(date=dates[1]) if dates[0] != dates[1] else ""


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


def _labelled(strong: Figures, names: list[str], words: Words) -> list[tuple[str, list[str]]]:
    """Rows of what became of labelled pairs."""
    if not strong:
        return []
    some = next(iter(strong.values()))["alone"]

    def cell(name: str, what: str) -> str:
        ways = {way: figures[what] for way, figures in strong.get(name, {}).items()}
        return words["judged"].format(**ways) if len(ways) > 1 else str(ways.get("alone", ""))

    whats = {"good": "good lost", "bad": "bad kept", "left": "duplicates left"}
    return [
        (words[label].format(**some), [cell(name, what) for name in names])
        for label, what in whats.items()
    ]


def _reviewing(review: Figures, words: Words) -> list[str]:
    """The cells on reviewing, in the order of the tools."""
    return [
        words["review kit"].format(clicks=_KIT_CLICKS),
        words["review lx"],
        words["review chain"],
        words["review qa3"].format(keys=review["keys"], clicks=review["clicks_of_0_1"]),
    ]


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
