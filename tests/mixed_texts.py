"""Lines of mixed text, made up and the same each time, with vocabularies for them; for tests of tokenizers."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Iterator

# Characters by what they are. All are of Unicode 8, which Hugging Face's tokenizers know whole.
_SCRIPTS = {
    "ASCII": "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
    "accents": "áàâäãåéèêëíîïñóôöõúüýÿçÁÉÍÑÓÜÇßøæœŁłŠšŽžıİĞğőűǅﬁ",
    "Greek and Cyrillic": "αβγδεζσςΣΩΆέώабвгдёйюяАБВЙЁѐ",
    "Chinese": "你好世界中文字符我們電腦龍㐀㐁豈更𠀀𠀁𪜀",
    "Japanese": "ひらがなカタカナガギパピ漢字ー々ｱｲｳﾞ",
    "Korean": "한국어가각힣ㄱㅏ각",
    "others": "العربيةשלוםไทยहिन्दीதமிழ்ქართულიአማርኛ",
    "combining": "\u0301\u0300\u0308\u0327\u0323\u0302\u20d7\u3099\u094d\u0e48\u0903\u20dd",
    "emoji": "😀😂👍🏽❤️👨‍👩‍👧🇩🇪☃✨🤖©™",
    "punctuation": "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~¡¿«»„“”‘’–—…·、。！？，：「」（）§¶†‡‰‽؟،।״",
    "symbols": "€£¥¢°±×÷√∞≠≤→⇒■□½²³¹ª℃№Ⅷⅷ①㊗￥",
    "controls": "\x00\x01\x07\x08\x0b\x0c\x1b\x1c\x1d\x1e\x1f\x7f\x80\x85\x9f\xad"
    "\u200b\u200d\u200e\u202e\ufeff\ue000\ufffd\u0378",
    "spaces": " \t\r\xa0\u1680\u2000\u2003\u2009\u2028\u2029\u202f\u205f\u3000",
}
_PIECES = "the a is ing ed er est un re in on cat dog house caf naïve größe über straße 123 20 ' don t can".split()


def lines(count: int) -> Iterator[str]:
    """That many lines: words of one script or of several, signs, controls, and now and then a very long word."""
    chance = random.Random(20)
    scripts = list(_SCRIPTS.values())
    for _ in range(count):
        words = []
        for _ in range(chance.randint(0, 12)):
            kind = chance.random()
            if kind < 0.35:
                word = "".join(chance.choices(_PIECES, k=chance.randint(1, 3)))
            elif kind < 0.7:
                word = "".join(chance.choices(chance.choice(scripts), k=chance.randint(1, 8)))
            elif kind < 0.97:
                word = "".join(chance.choice(chance.choice(scripts)) for _ in range(chance.randint(1, 10)))
            else:
                # Around the longest that is looked up.
                word = chance.choice(("a", "é", "ab", "한")) * chance.randint(48, 102)
            words.append(chance.choice((word, word, word.upper(), word.title())))
        yield chance.choice((" ", " ", "", "\t", "\u3000", "  ")).join(words)


def vocabulary(*, is_uncased: bool) -> tuple[str, ...]:
    """Tokens of WordPiece that all these lines hold some of, so that hardly any is unknown for its script alone."""
    single = {char for script in _SCRIPTS.values() for char in script}
    # What NFD makes of them too, so that words are found in their parts.
    single |= {part for char in single for part in unicodedata.normalize("NFD", char)}
    if is_uncased:
        single = {part for char in single for part in char.lower()}
        single = {char for char in single if char == char.lower()}
    plain = sorted(char for char in single if not char.isspace() and unicodedata.category(char)[0] != "C")
    words = [*_PIECES, *(() if is_uncased else [piece.title() for piece in _PIECES])]
    # Each third sign goes on no word, and each fifth begins none, so that there are unknown words.
    first = [char for number, char in enumerate(plain) if number % 5]
    inner = [f"##{char}" for number, char in enumerate(plain) if number % 3]
    longer = [f"##{word}" for word in words] + ["aaaa", "##aaaa", "##aaaaaaaa", "abab", "##abab"]
    return tuple(dict.fromkeys(["[PAD]", "[unused0]", "[UNK]", "[CLS]", "[SEP]", *first, *words, *inner, *longer]))
