"""How each channel sounds, and with which words a model may say so.

A model frames what people wrote and never says anything of its own. It has these words and no
others: none of them names, counts, dates, places, denies or promises anything, so whatever is put
together from them leaves every fact as it was.
"""

from __future__ import annotations

from collections.abc import Mapping

import regex

from chalicelib.domain.certifications import Language
from chalicelib.domain.channels import ChannelName

VOICES: Mapping[ChannelName, str] = {
    ChannelName("facebook"): (
        "casual and warm, as among friends: a short cheerful opening line, one or two emoji"
    ),
    ChannelName("linkedin"): "professional and appreciative: a composed opening line, no emoji",
    ChannelName("instagram"): (
        "visual: a very short opening with an emoji, an empty line, then a line for each thought, "
        "and an emoji at the end"
    ),
}
"""Channels without a voice say what the rules say: an SMS costs by its length, a WhatsApp template
has its own words, and a mail speaks to one person."""

_FRAMING: Mapping[Language, str] = {
    "en": """
        a an and all applause are at big bravo brilliant celebrate celebrating cheer cheers
        community delighted everybody everyone exciting fantastic folks for friends from glad
        good great happy have hello here hi hooray hurray impressive in inspiring is it it's
        kudos look lovely make makes moment more neighbours news nice of our pleased proud read
        really round see share sharing smile so something special story such take team thank
        thanks the this thrilled to truly very warm warmly we we're well what who wonderful
        worth wow you your
    """,
    "es": """
        a al alegra alegría alegrías amigas amigos aplauso aplausos bien bonita bonito bravo buena
        buenas bueno buenos celebrar comparte compartimos compartir comunidad con contentos
        de del el emociona en encanta enhorabuena equipo es esta este estupenda estupendo
        fantástica fantástico felices feliz gente gran grande gusto hola ilusión la las lee
        leer lo los magnífica magnífico maravilla maravillosa maravilloso mirad mira momento mucha
        mucho muy más nos noticia noticias nuestra nuestras nuestro nuestros orgullo orgullosos
        para por que quedaos qué sonrisa todas todos un una vaya viva y
    """,
}

_ANNOUNCING: Mapping[Language, str] = {
    "en": """
        achieved achievement applause certification congratulations curiosity dedication deserved
        earned earning effort learning on patience practice proudly skill skills study
        work
    """,
    "es": """
        aprendizaje certificación constancia curiosidad dedicación el en esfuerzo estudio
        felicidades felicitaciones logro merecida merecido obtuvo paciencia práctica trabajo
    """,
}

_STOP: Mapping[Language, str] = {
    "en": """
        the a an and of to in is are was were for on with our we you your it this that have has
        at from by as will be who what
    """,
    "es": """
        el la los las un una y de del que en es son fue para con por nuestra nuestro nos se lo
        al su sus como este esta ha han
    """,
}

_GRAVE: Mapping[Language, str] = {
    "en": """
        sad sadly sorry unfortunately regret regrets cancel cancelled canceled cancels
        cancelling cancellation postpone postponed delay delayed late died dead death dies
        passing away funeral mourn mourning condolences farewell goodbye loss lost ill illness
        sick accident emergency outage incident breach warning urgent fail failed fails failing
        failure rejected apologise apologize apologies closed closing layoffs layoff fired scam
        fraud war victims earthquake flood fire attack not no never cannot can't won't don't
        doesn't isn't aren't wasn't without
    """,
    "es": """
        triste tristeza lamentamos lamentablemente siento sentimos perdón disculpas cancelado
        cancelada cancelamos cancelar cancelación aplazado aplazada aplazamos retraso murió
        muerto muerta muerte fallecimiento falleció funeral luto pésame condolencias despedida
        adiós pérdida perdido enfermo enferma enfermedad accidente emergencia avería incidente
        aviso urgente fracaso suspendido suspendida suspendió suspenso rechazado rechazada
        cerrado cerrada despidos estafa fraude guerra víctimas terremoto inundación incendio
        ataque no nunca nadie ni sin tampoco
    """,
}
"""A text with one of these is left as it is: cheer would be out of place, or turn it round."""

_EMOJI = "🎉 👏 ☁️ ☁ 🚀 ✨ 💪 🌟 ⭐ 🥳 🙌 💙 🧡 📣 🏅 🎓 😊 🌱 🛠️ 🛠 🔬 🏔️ 🏔 👇 💡"
EMOJI = frozenset(_EMOJI.split())
"""What may stand among the words: none of these shows a number, a flag, a hand sign or a face that
somebody could take amiss."""

_LANGUAGES: tuple[Language, ...] = ("en", "es")
_STOPS = {language: frozenset(words.split()) for language, words in _STOP.items()}
_GRAVES = {language: frozenset(words.split()) for language, words in _GRAVE.items()}
_WORD = regex.compile(r"[\p{L}\p{M}]+(?:['’][\p{L}\p{M}]+)*")


def words_in(text: str) -> list[str]:
    """Return the words of a text in lower case, in order."""
    return [word.casefold().replace("’", "'") for word in _WORD.findall(text)]


def framing(language: Language) -> frozenset[str]:
    """Return the words that may stand around what an author wrote."""
    return frozenset(_FRAMING[language].split())


def announcing(language: Language) -> frozenset[str]:
    """Return the words that may stand around an announcement's name, certification and date."""
    return framing(language) | frozenset(_ANNOUNCING[language].split())


def _common(words: list[str], language: Language) -> int:
    return sum(word in _STOPS[language] for word in words)


def language_of(text: str) -> Language | None:
    """Return the language of a text by its commonest words; None unless it is plain."""
    words = words_in(text)
    english, spanish = (_common(words, each) for each in _LANGUAGES)
    if max(english, spanish) < 2 or english == spanish:
        return None
    return "en" if english > spanish else "es"


def is_grave(text: str, language: Language) -> bool:
    """Return whether a text is no occasion for cheer, or denies something."""
    return not _GRAVES[language].isdisjoint(words_in(text))
