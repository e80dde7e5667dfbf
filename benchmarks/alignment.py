"""Forced alignment against the voices' own times: errors of word starts, and how far matched and wrong texts lie apart."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from talkmill import backends
from talkmill.model import Take

VOICES: Mapping[str, tuple[tuple[str, Mapping[str, str]], ...]] = {
    "en": (("piper", {}), ("hibari", {}), ("kokoro", {"voice": "jm_kumo"})),
    "es": (("kokoro", {"voice": "jf_alpha"}), ("kokoro", {"voice": "jm_kumo"})),
    "fr": (("kokoro", {"voice": "jf_alpha"}), ("kokoro", {"voice": "jm_kumo"})),
    "it": (("kokoro", {"voice": "jf_alpha"}), ("kokoro", {"voice": "jm_kumo"})),
    "pt": (("kokoro", {"voice": "jf_alpha"}), ("kokoro", {"voice": "jm_kumo"})),
    "de": (("espeak", {"voice": "de+f3"}),),
    "ja": (("espeak", {"voice": "ja+f2"}),),
}
"""Language -> the voices that speak its sentences. German and Japanese have no second engine here: the reference is espeak's
too, by another of its speakers, so that their rows say little about real voices."""

SENTENCES: Mapping[str, Sequence[str]] = {
    "en": (
        "Most people begin the morning by picking up a phone.",
        "Five brave fishermen found a very valuable pearl above the frozen bay, but nobody believed them.",
        "Welcome back to the factory floor! Today we build a tiny robot, made of paper and a bit of hope.",
        "If it tastes sour, grind a little finer; if it tastes bitter, grind a little coarser.",
        "The train to Glasgow leaves at half past seven, and it never waits.",
        "She sells old maps, rare stamps and, on Sundays, fresh oranges from her garden.",
        "Why would anyone throw away a perfectly good umbrella?",
        "Turn left at the bridge. Walk on until you see the blue door.",
    ),
    "es": (
        "La mayoría de la gente empieza la mañana mirando el teléfono.",
        "El mejor café que puedes hacer en casa cuesta menos que un billete de autobús.",
        "Si sabe ácido, muele un poco más fino; si sabe amargo, muele un poco más grueso.",
        "El tren a Sevilla sale a las siete y media, y nunca espera.",
        "Vende mapas antiguos, sellos raros y, los domingos, naranjas frescas de su jardín.",
        "Gira a la izquierda en el puente. Sigue hasta que veas la puerta azul.",
        "¿Por qué tiraría alguien un paraguas que todavía funciona?",
    ),
    "fr": (
        "La plupart des gens commencent la matinée en regardant leur téléphone.",
        "Le meilleur café que vous puissiez faire chez vous coûte moins qu'un ticket de bus.",
        "Le train pour Marseille part à sept heures et demie, et il n'attend jamais.",
        "Elle vend de vieilles cartes, des timbres rares et, le dimanche, des oranges de son jardin.",
        "Tournez à gauche au pont. Marchez jusqu'à la porte bleue.",
        "Pourquoi jeter un parapluie qui marche encore très bien?",
        "Cinq pêcheurs ont trouvé une perle magnifique, mais personne ne les a crus.",
    ),
    "it": (
        "La maggior parte delle persone comincia la mattina guardando il telefono.",
        "Il miglior caffè che puoi fare a casa costa meno di un biglietto del tram.",
        "Il treno per Milano parte alle sette e mezza, e non aspetta mai nessuno.",
        "Vende vecchie mappe, francobolli rari e, la domenica, arance fresche del suo giardino.",
        "Gira a sinistra al ponte. Cammina fino alla porta blu.",
        "Perché qualcuno butterebbe via un ombrello ancora buono?",
        "Cinque pescatori trovarono una perla bellissima, ma nessuno credette loro.",
    ),
    "pt": (
        "A maioria das pessoas começa a manhã olhando para o telefone.",
        "O melhor café que você pode fazer em casa custa menos que um bilhete de ônibus.",
        "O trem para Santos sai às sete e meia, e nunca espera por ninguém.",
        "Ela vende mapas antigos, selos raros e, aos domingos, laranjas frescas do seu jardim.",
        "Vire à esquerda na ponte. Caminhe até ver a porta azul.",
        "Por que alguém jogaria fora um guarda-chuva que ainda funciona?",
        "Cinco pescadores encontraram uma pérola muito valiosa, mas ninguém acreditou neles.",
    ),
    "de": (
        "Die meisten Menschen beginnen den Morgen mit einem Blick auf das Telefon.",
        "Der beste Kaffee, den man zu Hause machen kann, kostet weniger als eine Fahrkarte.",
        "Der Zug nach Hamburg fährt um halb acht, und er wartet nie.",
        "Sie verkauft alte Karten, seltene Marken und sonntags frische Orangen aus ihrem Garten.",
        "Biegen Sie an der Brücke links ab. Gehen Sie weiter bis zur blauen Tür.",
        "Warum sollte jemand einen guten Regenschirm wegwerfen?",
    ),
    "ja": (
        "おはよう ございます。 きょうは とても いい てんき です。",
        "わたしは まいにち コーヒーを のみます。",
        "でんしゃは しちじはんに でます。",
        "はしを わたって、 ひだりに まがって ください。",
        "どうして あたらしい かさを すてるの ですか。",
        "にちようびに、 にわの みかんを うって います。",
    ),
}
"""What is said, by language."""


@dataclass(frozen=True)
class Spoken:
    """A take whose times are known."""

    language: str
    voice: str
    text: str
    sound: Path
    take: Take


def takes(folder: Path) -> Iterator[Spoken]:
    """Every sentence by every voice of its language, spoken once into `folder`."""
    for language, voices in VOICES.items():
        for name, options in voices:
            backend = backends.load("speak", name)
            for index, text in enumerate(SENTENCES[language]):
                label = "-".join([name, *options.values()]).replace("+", "-")
                place = folder / f"{language}-{label}-{index}"
                if not (place / "times.json").is_file():
                    place.mkdir(parents=True, exist_ok=True)
                    backend.run({"text": text, "language": language, "seed": 1, **options}, {}, place)
                take = Take.from_json(json.loads((place / "times.json").read_bytes()))
                yield Spoken(language, label, text, place / "sound.wav", take)
            getattr(backend, "close", lambda: None)()


def errors(folder: Path) -> dict[str, object]:
    """Error of word starts in ms for each aligner and language, and matches of right and wrong texts, as a table's rows."""
    import numpy as np

    from talkmill.backends.align import sphinx

    spoken = list(takes(folder))
    rows: dict[str, object] = {}
    for name in ("sphinx", "synthesis"):
        aligner = backends.load("align", name)
        found: dict[str, list[float]] = {}
        right, wrong, refused = [], [], 0
        for one in spoken:
            times, facts = _aligned(aligner, one, one.text, folder)
            pairs = zip(times.words, one.take.words, strict=True)
            found.setdefault(one.language, []).extend(abs(a.start - b.start) / 48 for a, b in pairs)
            right.append(facts["match"])
            texts = SENTENCES[one.language]
            try:
                wrong.append(_aligned(aligner, one, texts[(texts.index(one.text) + 1) % len(texts)], folder)[1]["match"])
            except sphinx.Refused:
                refused += 1
        for language, values in found.items():
            low, high = np.percentile(values, [50, 95])
            rows[f"{name}, {language}: word starts, median and p95 in ms (30, 80)"] = f"{low:.0f} {high:.0f} of {len(values)}"
        rows[f"{name}: lowest match of {len(right)} right texts"] = round(min(right), 2)
        rows[f"{name}: highest match of {len(wrong)} wrong texts"] = f"{max(wrong):.2f}, and {refused} refused"
    return rows


def _aligned(aligner: backends.Backend, one: Spoken, text: str, folder: Path) -> tuple[Take, Mapping[str, backends.JSON]]:
    result = aligner.run({"text": text, "language": one.language}, {"sound": one.sound}, folder)
    return Take.from_json(json.loads(result.files["times"].read_bytes())), result.facts


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as place:
        for label, value in errors(Path(place)).items():
            print(f"{label}  {value}")
