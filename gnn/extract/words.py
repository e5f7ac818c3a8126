"""Words of texts, in Chinese and in scripts with spaces between words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

import rjieba
from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from graphstore.extract.canonical import HAN, HAN_RANGE
from graphstore.extract.function_words import FUNCTION_WORDS

WIDE = re.compile(f"[{HAN_RANGE}\u3000-\u303f\uff00-\uffef]")
WORD = re.compile(r"[^\W_]+(?:['’][^\W\d_]+)?")
CLAUSE = re.compile(r"[.,;:!?()\[\]\"|/]+")
WIDE_CLAUSE = re.compile(r"[.,;:!?()\[\]{}\"|/。、·…—～〈〉《》「」『』【】〔〕〖〗“”‘’]+")
RUN = re.compile(f"[{HAN_RANGE}]+|[^{HAN_RANGE}]+")
FILLER = frozenset(
    {"part", "set", "day", "vol", "volume", "die", "film", "films"} | {"movie", "movies", "it's", "don't"}
)
HAN_FILLER = frozenset(
    """
    一个 一些 一种 一部 一位 一名 一本 一样 一起 一直 一定 一切 一下 两个 三个 几个 这个 那个 这些 那些 这样
    那样 这里 那里 这种 这是 就是 不是 还是 也是 都是 而是 但是 可是 只是 于是 总是 我们 你们 他们 她们 它们
    自己 大家 别人 什么 怎么 怎样 如何 为何 为什么 哪些 哪里 多少 没有 不会 不能 不要 不同 可以 可能 能够 应该
    必须 需要 已经 正在 开始 继续 成为 作为 认为 因为 所以 因此 如果 虽然 不过 然而 而且 并且 或者 以及 以上
    以下 以后 之后 之前 之间 其中 其他 其它 其实 通过 进行 关于 对于 由于 根据 为了 随着 非常 十分 更加 最后
    终于 突然 当时 时候 时间 现在 今天 后来 一天 一次 许多 很多 所有 每个 各种 主要 有关 包括 来自 出来 起来
    下来 过来 知道 看到 发现 讲述 介绍 本书 本片 本课 影片 电影 故事 作品 内容 系列 版本 全集 新版 上集 下集
    第一 第二 第三 我們 他們 這個 那個 沒有 什麼 為了 因為 所以 電影
    """.split()
)
STOP_WORDS = ENGLISH_STOP_WORDS | FUNCTION_WORDS | FILLER | HAN_FILLER


def letters(name: str) -> int:
    """The number of letters of a name; Chinese ones, which are words, count twice."""
    return sum(map(str.isalpha, name)) + len(HAN.findall(name))


def clauses(text: str, fold: bool = True) -> Iterator[list[str]]:
    """The words of each clause, in lower case if `fold`.

    Chinese is cut into words by a dictionary; in texts with Chinese or full-width characters, letters and digits of
    full width are converted to half width.
    """
    if text.isascii() or not WIDE.search(text):
        plain = text if text.isascii() else unicodedata.normalize("NFC", text)
        for clause in CLAUSE.split(plain.casefold() if fold else plain):
            yield WORD.findall(clause)
        return
    plain = unicodedata.normalize("NFKC", text)
    for clause in WIDE_CLAUSE.split(plain.casefold() if fold else plain):
        yield [word for piece in WORD.findall(clause) for run in RUN.findall(piece) for word in _cut(run)]


def _cut(run: str) -> list[str]:
    return rjieba.cut(run) if HAN.match(run) else [run]


def joined(words: Sequence[str]) -> str:
    """Words joined with spaces, but without one between two Chinese words."""
    text = words[0]
    for word in words[1:]:
        text += word if HAN.match(text[-1]) and HAN.match(word) else f" {word}"
    return text


def says_nothing(word: str) -> bool:
    """Whether a lower-case word can't begin or end a phrase: a stop word, or short, or without a letter in front."""
    if HAN.match(word):
        return len(word) < 2 or word in HAN_FILLER
    return word in STOP_WORDS or len(word) < 3 or not word[0].isalpha()
