"""What is thrown out at sight, and what must not be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loaders.records import Span
from pairs.evidence.quality import reason_against
from pairs.records import Evidence
from pairs.text.context_dependence import leans
from pairs.text.question_words import is_question

FOUND = Evidence(match="exact", span=Span(start=0, end=1), quote="x")


@given(st.text(max_size=60), st.text(max_size=60), st.sampled_from(["strict", "keep"]))
def test_any_two_texts_are_judged(question: str, answer: str, policy: str) -> None:
    code = reason_against(question, answer, FOUND, "strict" if policy == "strict" else "keep")
    assert code == "" or code.startswith("rejected.")
    assert isinstance(leans(question), bool)


@pytest.mark.parametrize(
    "question",
    [
        "根据本文，大桥有多长？", "文中提到的城市是哪个？", "该表中最大的数是多少？",
        "如图所示，面积是多少？",
        "以上内容说明了什么？", "上述材料讲了什么？", "他是哪国人？", "它的长度是多少？",
        "作者认为原因是什么？",
        "根據本文，大橋有多長？",
        "What does the passage say about Rome?", "According to the text, who won?",
        "When did she die?", "What is mentioned above?", "In this article, what is a quark?",
        "Where did they land?",
        "该公司成立于哪一年？", "王芳于哪一年加入该公司？", "本条例自何时起施行？",
        "本协议的有效期多长？",
        "该條例由誰制定？", "此产品的保修期是多久？", "这种植物的花期在几月？", "本书共有几章？",
        "图3显示了什么？", "根据表2，哪个地区的销量最高？", "第42至45页讲了什么？",
        "第三条规定了什么？",
        "What does this study show?", "Who signed the agreement above?",
        "What is listed in Table 1?",
        "What does Fig. 1 show?", "What is described on pages 42-45?", "What is it used for?",
        "How long is it?", "Which city in the table is the largest?", "What are its main parts?",
        "In the passage above, who won?", "What is the aim of this chapter?",
        "Why did this happen?",
        "What does Section 2 of this report cover?",
    ],
)  # fmt: skip
def test_a_question_that_leans_on_the_unseen_is_told(question: str) -> None:
    assert leans(question)
    assert reason_against(question, "甲 A", FOUND, "strict") == "rejected.leans"
    assert reason_against(question, "甲 A", FOUND, "keep") == ""


@pytest.mark.parametrize(
    "question",
    [
        "本田公司的总部在哪里？", "石墨烯这种材料的密度是多少？",
        "其中最大的岛叫什么？", "其他国家有哪些？",
        "他国法律何时适用？", "论文《图中的世界》的作者是谁？", "郑和下西洋时他带了多少船？",
        "Which article of the treaty bans it?", "In the text of the Bible, who is Job?",
        "How long does it take to cross the bridge?", "What is it called when water freezes?",
        "When did Curie publish her first paper?",
        "样本学习榜由谁发布？", "日本公司为何重视资历？", "基本法第三条规定了什么？",
        "孩子发烧时该怎么办？",
        "应该法办的人有哪些？", "《本草纲目》是谁写的？", "泰兴公司破产后，该公司的债务由谁承担？",
        "《劳动合同法》中，本法所称的用人单位指什么？", "版本号由哪几部分组成？",
        "哪一本书最早出版？",
        "表面张力是什么？", "图书馆几点开门？",
        "What is a table tennis ball made of?", "Which keys work in the text editor?",
        "How much does it cost to enter the museum?", "Is it legal to fish in Lake Orta?",
        "What does Figure 3 of the Marsh Report show?", "What is Article 5 of the Kyoto Protocol?",
        "Why did Ann Lee sell the house, and who bought this property?",
        "What did the members put on the table?",
        "Which bird is known for this in Peru: the hoatzin?",
    ],
)  # fmt: skip
def test_a_question_that_stands_alone_is_kept(question: str) -> None:
    assert not leans(question)
    assert reason_against(question, "甲 A", FOUND, "strict") == ""


@pytest.mark.parametrize(
    ("question", "asks"),
    [
        ("港珠澳大桥有多长？", True),
        ("请简述大桥的结构。", True),
        ("清朝的首都是？", True),
        ("大桥的总工程师？", True),
        ("他會不會說法語？", True),
        ("港珠澳大桥是世界上最长的跨海大桥？", False),
        ("阿波罗11号于1969年发射。", False),
        ("How long is the bridge?", True),
        ("List the members of the crew.", True),
        ("Its first name was called?", True),
        ("In 1972, did Norway join?", True),
        ("Apollo 11 landed on the Moon in 1969?", False),
        ("The bridge opened in 2018.", False),
    ],
)
def test_what_asks_and_what_only_ends_in_a_question_mark(question: str, asks: bool) -> None:
    assert is_question(question) is asks


@pytest.mark.parametrize(
    ("question", "answer", "code"),
    [
        ("大桥有多长？", "大桥有多长", "rejected.answer_is_question"),
        ("阿姆斯特朗是谁？", "阿姆斯特朗", "rejected.answer_in_question"),
        ("Who was Neil Armstrong?", "Neil Armstrong", "rejected.answer_in_question"),
        ("使用新型子弹的武器可不可以贯穿防弹衣？", "可以", ""),
        ("烽火台和长城哪个比较早？", "烽火台", ""),
        ("客观还是主观比较好？", "客观", ""),
        ("1992年为了纪念哪位运动员，罗德·拉沃竞技场以他的名字而命名？", "罗德·拉沃", ""),
        ("What complexity class holds efficient algorithms?", "P", ""),
        ("Is the sky blue or green?", "blue", ""),
    ],
)
def test_answers_given_away(question: str, answer: str, code: str) -> None:
    assert reason_against(question, answer, FOUND, "strict") == code


def test_evidence_decides_under_strict_alone() -> None:
    none = Evidence(match="none")
    doubted = FOUND.model_copy(update={"numbers_ok": False})
    assert reason_against("大桥有多长？", "55公里", none, "strict") == "rejected.no_evidence"
    assert reason_against("How long is it?", "55 km", doubted, "strict") == "rejected.number"
    assert reason_against("大桥有多长？", "55公里", none, "keep") == ""
    assert reason_against("How long is it?", "55 km", doubted, "keep") == ""


@pytest.mark.parametrize(
    ("answer", "sentence", "code"),
    [
        ("说明书中没有提到保修期。", "未按说明书使用的不予保修。", "rejected.no_evidence"),
        ("The manual does not mention a price.", "The price list is kept.", "rejected.no_evidence"),
        ("合同没有说明期限。", "合同未说明具体期限。", ""),
    ],
)
def test_an_answer_that_only_says_that_nothing_is_told(
    answer: str, sentence: str, code: str
) -> None:
    told = Evidence(match="supported", span=Span(start=0, end=1), quote="x", sentence=sentence)
    assert reason_against("What is said of it?", answer, told, "strict") == code
