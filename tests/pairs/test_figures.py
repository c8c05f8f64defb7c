"""The numbers module: what is read, what is not, and what counts as the same."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairs.text.figures.numbers import ANY, READERS, missing, numbers, same
from pairs.text.figures.numerals_zh import chinese_value
from pairs.text.flat import flatten

DIGITS = "零一二三四五六七八九"


def in_chinese(number: int) -> str:
    """The number in Chinese characters, written from its digits: an own, independent way."""
    if number >= 10**8:
        return _joined(number, 10**8, "亿")
    if number >= 10**4:
        return _joined(number, 10**4, "万")
    words, gap = "", False
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            words += ("零" if gap and words else "") + DIGITS[digit] + name
        gap = not digit
    return words


def _joined(number: int, unit: int, name: str) -> str:
    high, low = divmod(number, unit)
    between = "零" if low and low < unit // 10 else ""
    return in_chinese(high) + name + (between + in_chinese(low) if low else "")


@given(st.integers(min_value=1, max_value=10**12 - 1))
def test_chinese_numerals_are_worth_what_they_say(number: int) -> None:
    assert chinese_value(in_chinese(number)) == number


PIECES = st.sampled_from(
    "20世纪80年代|二〇二三年|3月5日|前221年|march 5|5 may 1990|1999-1-2|221 bc|in june|30日|5号"
    "|10:30|3 p.m.|3pm|十点半|百分之五|1/3|三成|一半|半小时|half an hour|twice|x.25|covid-19|b2b"
    "|1:5|3比2|4万3千|-5|1,234.5|二十三|第二|two hundred|fifth|壹佰|俩|年|月|日|点| |,|.|a".split(
        "|"
    )
)


@given(st.lists(PIECES | st.text(max_size=4), max_size=8).map("".join).map(flatten))
def test_what_a_reader_finds_is_never_passed_over(flat: str) -> None:
    for reader, hint in READERS:
        if next(reader(flat), None) is not None:
            assert hint.search(flat)
            assert ANY.search(flat)


@given(st.integers(min_value=2101, max_value=10**12 - 1))
def test_every_way_to_write_a_number_is_the_same_number(number: int) -> None:
    written = [str(number), f"{number:,}", "".join(chr(ord(d) + 0xFEE0) for d in str(number))]
    written += [in_chinese(number)]
    for word in written:
        found = numbers(f"共有{word}元。")
        assert [n.value for n in found] == [(Fraction(number),)]
        assert same(found[0], numbers(f"{number} yuan")[0])


@given(
    st.text(
        alphabet="第一二两三十百千万亿零〇0123456789.,:%/-年月日点分之成个元km $ofandthreehundred",
        max_size=60,
    )
)
def test_any_text_has_numbers_that_stand_in_it_and_do_not_overlap(text: str) -> None:
    found = numbers(text)
    ends = [0]
    for number in found:
        assert ends[-1] <= number.start < number.end <= len(text)
        ends.append(number.end)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("15.2亿元", "1,520,000,000元"),
        ("1.5 billion dollars", "15亿美元"),
        ("$2.5 million", "250万美元"),
        ("百分之十二点五", "12.5%"),
        ("12.5 percent", "１２．５％"),
        ("三成", "30%"),
        ("二〇二三年", "2023年"),
        ("2023", "2023年"),
        ("３月５日", "三月五日"),
        ("March 5, 2023", "2023年3月5日"),
        ("5 March 2023", "2023-03-05"),
        ("第二十一条", "第21条"),
        ("the twenty-first", "21st"),
        ("三分之一", "1/3"),
        ("5公里", "5000米"),
        ("5 km", "5 kilometres"),
        ("two hundred and five", "205"),
        ("10点30分", "10:30"),
        ("3:30 pm", "15:30"),
        ("18世纪", "the 18th century"),
        ("三百二十個", "320个"),
        ("公元前221年", "221 BC"),
        ("三日", "3天"),
        ("三十日内", "30天"),
        ("百日", "100天"),
        ("半小时", "30分钟"),
        ("half an hour", "30 minutes"),
        ("一年半", "18个月"),
        ("three and a half hours", "210 minutes"),
        ("一半", "50 %"),
        ("half of its value", "50%"),
        ("twice", "2"),
        ("20:30", "晚上8:30"),
        ("20世纪80年代", "1980年代"),
        ("the 1980s", "二十世纪八十年代"),
        ("8:30 pm", "20:30"),
        ("下午两点半", "14:30"),
        ("£1,000", "1000 pounds"),
        ("£6.3m", "6.3 million pounds"),
        ("20˚C", "20°C"),
        ("20度", "20℃"),
        ("零下30摄氏度", "-30℃"),
        ("万分之一摄氏度", "0.0001℃"),
        ("ten-horsepower", "10 hp"),
        ("1.9335万平方米", "19335平方公尺"),
    ],
)
def test_one_number_in_two_ways(one: str, other: str) -> None:
    assert not missing(numbers(one), numbers(other))
    assert not missing(numbers(other), numbers(one))
    assert numbers(one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("15.2亿", "12.5亿"),
        ("15万", "15亿"),
        ("5 million", "5 billion"),
        ("5公里", "5米"),
        ("100元", "100美元"),
        ("12%", "21%"),
        ("2022年", "2023年"),
        ("3月5日", "3月6日"),
        ("March 5", "May 5"),
        ("第三条", "第四条"),
        ("the second", "the third"),
        ("COVID-19", "COVID-18"),
        ("一百二十", "一百零二"),
        ("3 hours", "3 days"),
        ("三日", "4天"),
        ("半小时", "20分钟"),
        ("晚上8:30", "上午8:30"),
        ("8:30 am", "20:30"),
        ("£6.3m", "£6.3bn"),
        ("30℃", "零下30℃"),
        ("1:5", "1:6"),
    ],
)
def test_another_number_is_missed(one: str, other: str) -> None:
    assert missing(numbers(one), numbers(other))


@pytest.mark.parametrize(
    "text",
    [
        "一些", "请稍等一下", "一定", "统一标准", "万一下雨", "一旦发生", "千万不要", "十分重要",
        "三国演义", "唯一的办法", "一般来说", "第一些", "每一个", "二维码", "八路军",
        "one of them", "which one?", "a second look", "May I ask", "no one knows", "someone",
    ],
)  # fmt: skip
def test_what_only_looks_like_a_number_is_none(text: str) -> None:
    found = [n for n in numbers(text) if n.kind != "ordinal"]
    assert found == []


def test_the_number_in_a_name_is_compared_with_its_name() -> None:
    assert not missing(numbers("支持B2B模式"), numbers("这是b2b"))
    assert missing(numbers("支持B2B模式"), numbers("这是B2C，共2家"))
    assert missing(numbers("the X.25 protocol"), numbers("the X.27 protocol has 25 parts"))


def test_thousands_of_digits_take_no_time_and_no_error() -> None:
    assert numbers("9" * 100_000) is not None
    assert numbers("九" * 100_000) is not None
    assert numbers("one hundred " * 10_000) is not None


def test_both_ends_of_a_range_have_its_unit() -> None:
    first, _ = numbers("水深2至15公尺")
    assert (first.value, first.unit) == ((Fraction(2),), "m")
    _, last = numbers("3月1日至15日")
    assert last.value == (None, Fraction(3), Fraction(15))
    _, closing = numbers("下午2:30到5:30")
    assert closing.value[:2] == (Fraction(17), Fraction(30))


def test_a_currency_is_not_found_inside_a_word() -> None:
    assert {n.unit for n in numbers("Chapters 4 and Chapte-rs 5, pioneers 6")} == {""}
