"""IPA to mouth shapes: every language that espeak speaks."""

import json
import subprocess
import sys
from itertools import pairwise

import pytest

from talkmill.backends.lipsync.articulation import SILENCE, TARGETS, Phone, phones_of, split_symbol, visemes_of
from tests.backends.lipsync import speech

SENTENCES = {
    "en-us": "The quick brown fox jumps over the lazy dog, measure thirsty judges with joyful cheer and pure fire.",
    "en-gb-x-rp": "The quick brown fox jumps over the lazy dog near poor Claire's boy.",
    "es": "El veloz murciélago hindú comía feliz cardillo y kiwi; la cigüeña tocaba el saxofón.",
    "de": "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich, schöne Pfeife, neue Häuser.",
    "fr": "Portez ce vieux whisky au juge blond qui fume; un bon vin blanc, huit oignons, peur.",
    "it": "Pranzo d'acqua fa volti sghembi, gli gnocchi e lo zio Ugo.",
    "pt-br": "Um pequeno jabuti xereta viu dez cegonhas felizes; pão, mãe, coração, muito bem.",
    "nl": "Pa's wijze lynx bezag vroom het fikse aquaduct, leuk huis, goed schrift.",
    "pl": "Zażółć gęślą jaźń, chrząszcz brzmi w trzcinie.",
    "cs": "Příliš žluťoučký kůň úpěl ďábelské ódy, čtvrtek.",
    "ru": "Съешь же ещё этих мягких французских булок да выпей чаю.",
    "sv": "Flygande bäckasiner söka hwila på mjuka tuvor, sju sjöar.",
    "da": "Høj bly gom vandt fræk sexquiz på wc, rødgrød med fløde.",
    "fi": "Törkylempijävongahdus, hyvää yötä, pöytä.",
    "tr": "Pijamalı hasta yağız şoföre çabucak güvendi, ığdır.",
    "el": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία, γειά χαρά.",
    "ja": "ふつうの ひと は りょうり が すき です",
    "cmn": "你好 我是 中国人 吃 日 女 绿色",
    "hi": "नमस्ते, आप कैसे हैं? भारत, ठंड, घर, झंडा",
    "ar": "مرحبا كيف حالك اليوم، صباح الخير، عين",
    "ko": "안녕하세요 저는 학생입니다 빵",
    "vi": "Xin chào, tôi là người Việt Nam, được không",
    "hu": "Árvíztűrő tükörfúrógép, gyógyszer, tyúk",
    "sw": "Habari ya asubuhi, ng'ombe, mbwa, chakula kizuri",
    "ka": "გამარჯობა როგორ ხარ, ყველა, წყალი",
    "ro": "Muzicologă în bej vând whisky și tequila, preț fix.",
}
IPA = "pbtdʈɖcɟkɡqɢʔmɱnɳɲŋɴʙrʀⱱɾɽɸβfvθðszʃʒʂʐçʝxɣχʁħʕhɦɬɮʋɹɻjɰlɭʎʟʘǀǃǂǁɓɗʄɠʛʍwɥʜʢʡɕʑɺɧɫiyɨʉɯuɪʏʊeøɘɵɤoəɛœɜɞʌɔæɐaɶɑɒɚɝᵻᵿ"


def lips(symbol):
    """Targets of the first shape of a symbol, by articulator."""
    weights = visemes_of(split_symbol(symbol)[0])
    return [sum(share * TARGETS[viseme][i] for viseme, share in weights.items()) for i in range(5)]


def test_every_phoneme_of_26_languages_has_a_mouth_shape(capsys):
    """All symbols that espeak gives for a sentence of each language are known: none falls back, none is lost."""
    command = [sys.executable, speech.__file__, "inventory", *(f"{voice}={text}" for voice, text in SENTENCES.items())]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    spoken = json.loads(done.stdout)
    assert set(spoken) == set(SENTENCES)
    symbols = {symbol for text in spoken.values() for word in text.split() for symbol in word.split("|") if symbol}
    assert len(symbols) > 150
    for symbol in symbols:
        shapes = split_symbol(symbol)
        assert shapes or symbol.startswith("("), symbol
        for shape in shapes:
            weights = visemes_of(shape)
            assert sum(weights.values()) == pytest.approx(1), shape
            assert set(weights) <= set(TARGETS)
    assert "unknown" not in capsys.readouterr().err


def test_the_whole_alphabet_is_known(capsys):
    """Every letter of the IPA chart has a shape of its own."""
    for symbol in IPA:
        assert len(split_symbol(symbol)) == 1, symbol
        assert sum(visemes_of(split_symbol(symbol)[0]).values()) == pytest.approx(1)
    assert "unknown" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("symbol", "shapes"),
    [
        ("aɪ", ("a", "ɪ")),
        ("t͡ʃ", ("tʃ",)),
        ("tʃ", ("tʃ",)),
        ("pf", ("p", "f")),
        ("ɐ̃ʊ̃", ("ɐ", "ʊ")),
        ("mʲ", ("m",)),
        ("n̩", ("n",)),
        ("ˈɑː", ("ɑ",)),
        ("i˥˩", ("i",)),
        ("ni2", ("n", "i")),
        ("ç", ("ç",)),
        ("c\u0327", ("ç",)),
        ("ɯᵝ", ("ɯ",)),
        ("ʲ", ()),
        ("(en)", ()),
    ],
)
def test_marks_move_no_lip(symbol, shapes):
    """Stress, length, tone, nasality, palatalisation and tie bars are dropped; diphthongs are two shapes, affricates one."""
    assert split_symbol(symbol) == shapes


@pytest.mark.parametrize(("symbol", "like"), [("ꞗ", "b"), ("ᶆ", "m"), ("ᶂ", "f"), ("ꜵ", "ə"), ("字", "ə"), ("ж", "ə")])
def test_an_unknown_symbol_is_taken_by_its_letter_and_named(capsys, symbol, like):
    """It does not crash, and stderr names it."""
    split_symbol.cache_clear()
    assert split_symbol(symbol) == (like,)
    assert repr(symbol) in capsys.readouterr().err


def test_rounded_and_spread_vowels_differ():
    """Front rounded vowels are round, their spread twins are not; open vowels are open."""
    for rounded, spread in (("y", "i"), ("ø", "e"), ("œ", "ɛ"), ("u", "ɯ"), ("o", "ɤ")):
        assert lips(rounded)[2] > lips(spread)[2] + 0.2
        assert lips(rounded)[1] < lips(spread)[1]
    assert lips("a")[0] > lips("ɛ")[0] > lips("ə")[0] > lips("i")[0] > lips("p")[0]


def test_phones_cover_the_segment_without_gap_or_overlap():
    """Gaps are silence, overlaps are cut, what lies outside is dropped, marks prolong, h takes the next vowel's shape."""
    phonemes = [
        ("h", -50, 100),
        ("aɪ", 100, 320),
        ("ʲ", 320, 350),
        ("", 400, 500),
        ("b", 480, 700),
        ("ʔ", 700, 800),
        ("u", 1200, 1300),
    ]
    phones = phones_of(phonemes, 1000)
    assert phones[0].start == 0
    assert phones[-1].end == 1000
    assert all(a.end == b.start for a, b in pairwise(phones))
    assert [phone.symbol for phone in phones] == ["a", "a", "ɪ", SILENCE, "b", "ə", SILENCE]
    assert phones[2] == Phone("ɪ", 220, 350)
    assert phones[1].end - phones[1].start > 100  # the first part of a diphthong is the longer one
    assert phones_of([], 1000) == [Phone(SILENCE, 0, 1000)]
