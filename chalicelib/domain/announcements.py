"""What an announcement says, by rule: one text per channel, level and language.

A text is an opening (by tone and level), then the member's own words, the links and the hashtags,
each a paragraph if it is there. The opening holds the name, the full certification and the date,
so whatever a channel has to shorten is behind them. Channels without a tone of their own get the
plain one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from chalicelib.domain.certifications import Certification, Language, Level, Submission
from chalicelib.domain.channels import Wording
from chalicelib.domain.sms import encode_plan
from chalicelib.domain.text import fit, is_blank

_MAX_SMS_SEGMENTS = 3
"""Beyond these an SMS goes without its link."""

_MAX_SUBJECT = 200
"""Code points; beyond these a subject names the certification alone."""


@dataclass(frozen=True, slots=True)
class CardLabels:
    """The words on the rendered card that are neither the name nor the certification."""

    headline: str
    level: str
    certified_on: str


@dataclass(frozen=True, slots=True)
class _Tone:
    """How one channel speaks in one language. Templates know name, certification, date, topic."""

    openings: Mapping[Level, str]
    credential: str = "{link}"
    profile: str = ""
    closing: str = ""
    subjects: Mapping[Level, str] = field(default_factory=dict)
    hashtags: int = 0
    quoted: int = 0
    """How many characters of the member's own words it has room for."""
    separator: str = "\n\n"
    short_date: bool = False


def announce(
    submission: Submission,
    family: Certification,
    channel_name: str,
    language: Language,
    opening: str | None = None,
) -> Wording:
    """Return what a channel says about an achievement, with another opening if one is given.

    `text` is complete: it holds the link and the hashtags that stand beside it as values. Only the
    member's own words are shortened; the name stands verbatim.
    """
    tone = _TONES[language].get(channel_name, _PLAIN[language])
    tags = _hashtags(family, language)[: tone.hashtags]
    opening = opening or _opening(submission, family, language, tone)
    text = _text(submission, family, language, tone, tags, opening)
    if channel_name == "sms" and encode_plan(text).count > _MAX_SMS_SEGMENTS:
        text = opening
    return Wording(
        text=text,
        subject=_subject(submission, family, language, tone),
        link=submission.credential_url,
        hashtags=tags,
        generated=True,
        keep=(submission.member_name,),
        language=language,
    )


def canonical_text(submission: Submission, family: Certification, language: Language) -> str:
    """Return the announcement as lists and reviewers read it, in no channel's tone."""
    opening = _opening(submission, family, language, _PLAIN[language])
    return _text(submission, family, language, _PLAIN[language], (), opening)


def announced_facts(
    submission: Submission, family: Certification, channel_name: str
) -> tuple[str, str, str]:
    """Return name, certification and date as a channel writes them."""
    language = submission.written_in
    tone = _TONES[language].get(channel_name, _PLAIN[language])
    day = localised_date(submission.certified_on, language, short=tone.short_date)
    return submission.member_name, family.name, day


def card_labels(submission: Submission, family: Certification, language: Language) -> CardLabels:
    """Return the words for the rendered card."""
    return CardLabels(
        headline=_HEADLINES[language][family.level],
        level=_LEVELS[language][family.level],
        certified_on=localised_date(submission.certified_on, language),
    )


def localised_date(day: date, language: Language, *, short: bool = False) -> str:
    """Return a date as people write it, like "2 November 2026" or "2 de noviembre de 2026"."""
    month = _MONTHS[language][day.month - 1]
    if short:
        return f"{day.day} {month[:3]} {day.year}"
    between = " de " if language == "es" else " "
    return between.join((str(day.day), month, str(day.year)))


def _text(
    submission: Submission,
    family: Certification,
    language: Language,
    tone: _Tone,
    tags: tuple[str, ...],
    opening: str,
) -> str:
    """Return the paragraphs of one tone, joined."""
    links = []
    if submission.credential_url:
        links.append(tone.credential.format(link=submission.credential_url))
    if submission.linkedin_url and tone.profile:
        links.append(tone.profile.format(name=submission.member_name, link=submission.linkedin_url))
    paragraphs = [
        opening,
        _quote(submission, language, tone),
        "\n".join(links),
        _fill(tone.closing, submission, family, language, tone),
        " ".join(tags),
    ]
    return tone.separator.join(filter(None, paragraphs))


def _opening(submission: Submission, family: Certification, language: Language, tone: _Tone) -> str:
    return _fill(tone.openings[family.level], submission, family, language, tone)


def _subject(
    submission: Submission, family: Certification, language: Language, tone: _Tone
) -> str | None:
    """Return a subject in one line that nobody has to cut; None where a tone has none."""
    if family.level not in tone.subjects:
        return None
    filled = _fill(tone.subjects[family.level], submission, family, language, tone)
    subject = " ".join(filled.split())
    return subject if len(subject) <= _MAX_SUBJECT else family.name


def _fill(
    template: str,
    submission: Submission,
    family: Certification,
    language: Language,
    tone: _Tone,
) -> str:
    return template.format(
        name=submission.member_name,
        certification=family.name,
        date=localised_date(submission.certified_on, language, short=tone.short_date),
        topic=_topic(family),
    )


def _quote(submission: Submission, language: Language, tone: _Tone) -> str:
    """Return the member's own words in quotation marks, or nothing."""
    message = submission.personal_message
    if message is None or not tone.quoted or is_blank(message):
        return ""
    one_line = "\n" not in tone.separator
    words = " ".join(message.split()) if one_line else message.strip()
    opening, closing = _QUOTES[language]
    return f"{opening}{fit(words, tone.quoted, len)}{closing}"


def _topic(family: Certification) -> str:
    """Return a certification's name without brand and level, like "Advanced Networking"."""
    return family.name.removeprefix("AWS Certified ").partition(" - ")[0]


def _hashtags(family: Certification, language: Language) -> tuple[str, ...]:
    """Return all hashtags that fit, the most telling first."""
    topic = "".join(char for char in _topic(family) if char.isalnum())
    return ("#AWSCertified", f"#{topic}", "#AWS", *_COMMUNITY_TAGS[language])


_QUOTES: Mapping[Language, tuple[str, str]] = {"en": ("“", "”"), "es": ("«", "»")}

_MONTHS: Mapping[Language, tuple[str, ...]] = {
    "en": (
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ),
    "es": (
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ),
}

_COMMUNITY_TAGS: Mapping[Language, tuple[str, ...]] = {
    "en": ("#CloudComputing", "#CloudCommunity", "#TechCommunity", "#AlwaysLearning", "#Cloud"),
    "es": ("#ComunidadAWS", "#CloudComputing", "#ComunidadTech", "#AprendizajeContinuo", "#Nube"),
}

_LEVELS: Mapping[Language, Mapping[Level, str]] = {
    "en": {
        Level.FOUNDATIONAL: "Foundational",
        Level.ASSOCIATE: "Associate",
        Level.PROFESSIONAL: "Professional",
        Level.SPECIALTY: "Specialty",
        Level.OTHER: "Certification",
    },
    "es": {
        Level.FOUNDATIONAL: "Fundamental",
        Level.ASSOCIATE: "Asociado",
        Level.PROFESSIONAL: "Profesional",
        Level.SPECIALTY: "Especialidad",
        Level.OTHER: "Certificación",
    },
}

_HEADLINES: Mapping[Language, Mapping[Level, str]] = {
    "en": {
        Level.FOUNDATIONAL: "Off to a strong start",
        Level.ASSOCIATE: "Skills put to the test",
        Level.PROFESSIONAL: "Top of the climb",
        Level.SPECIALTY: "A specialist among us",
        Level.OTHER: "Newly certified",
    },
    "es": {
        Level.FOUNDATIONAL: "Una base sólida",
        Level.ASSOCIATE: "Práctica demostrada",
        Level.PROFESSIONAL: "En lo más alto",
        Level.SPECIALTY: "Conocimiento a fondo",
        Level.OTHER: "Nueva certificación",
    },
}

_EN_LINKEDIN = "Congratulations to {name} on earning {certification} on {date}.\n\n"
_EN_INSTAGRAM = "\n\n{name}\n{certification}\n{date} ✨"
_EN_SMS = "{name} earned {certification} ({date}). "
_EN_PLAIN = "Congratulations to {name}, who earned {certification} on {date}. "

_ES_LINKEDIN = "Enhorabuena a {name} por obtener {certification} el {date}.\n\n"
_ES_INSTAGRAM = "\n\n{name}\n{certification}\n{date} ✨"
_ES_SMS = "{name} obtuvo {certification} ({date}). "
_ES_PLAIN = "Enhorabuena a {name}, que obtuvo {certification} el {date}. "

_PLAIN: Mapping[Language, _Tone] = {
    "en": _Tone(
        openings={
            Level.FOUNDATIONAL: _EN_PLAIN
            + "A sound footing in the cloud, and a good place to build from.",
            Level.ASSOCIATE: _EN_PLAIN + "Hands-on skill, patiently practised and now proven.",
            Level.PROFESSIONAL: _EN_PLAIN
            + "One of the hardest exams AWS has, and a remarkable result.",
            Level.SPECIALTY: _EN_PLAIN
            + "Real depth in {topic}, and good to have in our community.",
            Level.OTHER: _EN_PLAIN + "A fine achievement that we are glad to share.",
        },
        credential="Credential: {link}",
        hashtags=2,
        quoted=400,
    ),
    "es": _Tone(
        openings={
            Level.FOUNDATIONAL: _ES_PLAIN
            + "Una base firme en la nube sobre la que seguir construyendo.",
            Level.ASSOCIATE: _ES_PLAIN + "Práctica constante que hoy queda demostrada.",
            Level.PROFESSIONAL: _ES_PLAIN
            + "Uno de los exámenes más exigentes de AWS y un gran resultado.",
            Level.SPECIALTY: _ES_PLAIN
            + "Conocimiento a fondo de {topic} que enriquece a la comunidad.",
            Level.OTHER: _ES_PLAIN + "Un logro que nos alegra compartir.",
        },
        credential="Credencial: {link}",
        hashtags=2,
        quoted=400,
    ),
}

_TONES: Mapping[Language, Mapping[str, _Tone]] = {
    "en": {
        "facebook": _Tone(
            openings={
                Level.FOUNDATIONAL: (
                    "🎉 Look who did it: {name} earned {certification} on {date}. Getting the "
                    "basics of the cloud really straight takes curiosity and a good few evenings. "
                    "Time for cake."
                ),
                Level.ASSOCIATE: (
                    "🎉 A round of applause for {name}, who earned {certification} on {date}. That "
                    "is a lot of labs and practice questions turned into skills you can use on "
                    "Monday morning. Very well deserved."
                ),
                Level.PROFESSIONAL: (
                    "🎉 This is a big one: {name} earned {certification} on {date}. Long "
                    "scenarios, hard trade-offs and three hours of stamina. We are "
                    "seriously impressed."
                ),
                Level.SPECIALTY: (
                    "🎉 Some people dig until they reach the bottom of things. {name} did, and "
                    "earned {certification} on {date}. If something about {topic} puzzles you, you "
                    "now know whom to ask."
                ),
                Level.OTHER: (
                    "🎉 Good news from our community: {name} earned {certification} on {date}. One "
                    "more story to tell at the next meetup."
                ),
            },
            credential="See the credential: {link}",
            hashtags=2,
            quoted=600,
        ),
        "linkedin": _Tone(
            openings={
                Level.FOUNDATIONAL: _EN_LINKEDIN
                + (
                    "It confirms a sound understanding of cloud concepts, services and their value "
                    "to a business: the common ground on which good technical decisions are made."
                ),
                Level.ASSOCIATE: _EN_LINKEDIN
                + (
                    "Associate certifications test working knowledge: choosing the right services, "
                    "building with them and keeping them running. It is the result of sustained "
                    "study and practice."
                ),
                Level.PROFESSIONAL: _EN_LINKEDIN
                + (
                    "Professional certifications are among the most demanding AWS offers. They ask "
                    "for experience with complex systems, competing requirements and the judgement "
                    "to weigh one against the other."
                ),
                Level.SPECIALTY: _EN_LINKEDIN
                + (
                    "Specialty certifications recognise depth rather than breadth, here in "
                    "{topic}. Expertise of this kind is rare, and our community is richer for it."
                ),
                Level.OTHER: _EN_LINKEDIN
                + (
                    "It is a sign of the curiosity and persistence that keep a professional "
                    "community moving."
                ),
            },
            credential="Credential: {link}",
            profile="{name} on LinkedIn: {link}",
            hashtags=3,
            quoted=700,
        ),
        "instagram": _Tone(
            openings={
                Level.FOUNDATIONAL: "☁️ First the foundations, then the sky." + _EN_INSTAGRAM,
                Level.ASSOCIATE: "🛠️ Built it, broke it, fixed it, passed." + _EN_INSTAGRAM,
                Level.PROFESSIONAL: "🏔️ The view is worth the climb." + _EN_INSTAGRAM,
                Level.SPECIALTY: "🔬 {topic}, all the way down." + _EN_INSTAGRAM,
                Level.OTHER: "🌱 Something new has grown here." + _EN_INSTAGRAM,
            },
            credential="Credential: {link}",
            closing="Leave a 🎉 for {name} in the comments.",
            hashtags=8,
            quoted=500,
        ),
        "whatsapp": _Tone(
            openings={
                Level.FOUNDATIONAL: (
                    "Lovely news: {name} earned {certification} on {date}. A great start into the "
                    "cloud, congratulations 🎉"
                ),
                Level.ASSOCIATE: (
                    "Good news to share: {name} earned {certification} on {date}. All that "
                    "practice paid off, congratulations 🎉"
                ),
                Level.PROFESSIONAL: (
                    "Hats off to {name}, who earned {certification} on {date}. It hardly gets "
                    "tougher than that, congratulations 🎉"
                ),
                Level.SPECIALTY: (
                    "We have a specialist in {topic} among us: {name} earned {certification} on "
                    "{date}. Congratulations 🎉"
                ),
                Level.OTHER: (
                    "Something to celebrate: {name} earned {certification} on {date}. "
                    "Congratulations 🎉"
                ),
            },
            quoted=160,
            separator=" ",
        ),
        "email": _Tone(
            openings={
                Level.FOUNDATIONAL: (
                    "Hello,\n\n{name} earned {certification} on {date}. It takes curiosity to "
                    "learn how the cloud works from the ground up, and the patience to prove it in "
                    "an exam. We are glad to share the news."
                ),
                Level.ASSOCIATE: (
                    "Hello,\n\nPlease join us in congratulating {name}, who earned {certification} "
                    "on {date}. Behind it stand many hours of building, testing and reading, and "
                    "skills that will be useful to all of us."
                ),
                Level.PROFESSIONAL: (
                    "Hello,\n\nOnce in a while there is a result that stands out: {name} earned "
                    "{certification} on {date}. Few exams ask for as much experience and "
                    "stamina, and we are proud to have this knowledge in our community."
                ),
                Level.SPECIALTY: (
                    "Hello,\n\n{name} chose one subject and mastered it: {certification}, earned "
                    "on {date}. The next time we discuss {topic}, we know whom to invite."
                ),
                Level.OTHER: (
                    "Hello,\n\nWe have good news: {name} earned {certification} on {date}. We are "
                    "glad to share it with you."
                ),
            },
            subjects={
                Level.FOUNDATIONAL: "{name} earned {certification}",
                Level.ASSOCIATE: "Congratulations to {name}: {certification}",
                Level.PROFESSIONAL: "Hats off to {name}: {certification}",
                Level.SPECIALTY: "{name}, our specialist in {topic}",
                Level.OTHER: "Good news about {name}",
            },
            credential="The credential: {link}",
            profile="{name} on LinkedIn: {link}",
            closing=(
                "If you know {name}, a few words of congratulation go a long way.\n\n"
                "Your community team"
            ),
            quoted=1_200,
        ),
        "sms": _Tone(
            openings={
                Level.FOUNDATIONAL: _EN_SMS + "A great start!",
                Level.ASSOCIATE: _EN_SMS + "Well done!",
                Level.PROFESSIONAL: _EN_SMS + "Hats off!",
                Level.SPECIALTY: _EN_SMS + "Real depth!",
                Level.OTHER: _EN_SMS + "Congratulations!",
            },
            separator=" ",
            short_date=True,
        ),
    },
    "es": {
        "facebook": _Tone(
            openings={
                Level.FOUNDATIONAL: (
                    "🎉 Atención, que hay noticia: {name} obtuvo {certification} el {date}. "
                    "Entender bien la nube desde los cimientos pide curiosidad y unas cuantas "
                    "tardes. Toca celebrarlo."
                ),
                Level.ASSOCIATE: (
                    "🎉 Un aplauso para {name}, que obtuvo {certification} el {date}. Muchos "
                    "laboratorios y preguntas de práctica que ya sirven para el trabajo de cada "
                    "día. Más que merecido."
                ),
                Level.PROFESSIONAL: (
                    "🎉 Esto son palabras mayores: {name} obtuvo {certification} el {date}. Casos "
                    "largos, decisiones difíciles y tres horas de resistencia. Nos quitamos el "
                    "sombrero."
                ),
                Level.SPECIALTY: (
                    "🎉 Hay quien no para hasta llegar al fondo de las cosas. {name} lo hizo y "
                    "obtuvo {certification} el {date}. Si tienes dudas sobre {topic}, ya sabes a "
                    "quién preguntar."
                ),
                Level.OTHER: (
                    "🎉 Buenas noticias en la comunidad: {name} obtuvo {certification} el {date}. "
                    "Una historia más que contar en el próximo encuentro."
                ),
            },
            credential="Aquí está la credencial: {link}",
            hashtags=2,
            quoted=600,
        ),
        "linkedin": _Tone(
            openings={
                Level.FOUNDATIONAL: _ES_LINKEDIN
                + (
                    "Acredita una comprensión sólida de los conceptos y servicios de la nube y de "
                    "su valor para el negocio: la base común de toda buena decisión técnica."
                ),
                Level.ASSOCIATE: _ES_LINKEDIN
                + (
                    "Las certificaciones de nivel asociado miden el conocimiento práctico: elegir "
                    "los servicios adecuados, construir con ellos y mantenerlos en marcha. Es "
                    "fruto de un estudio constante."
                ),
                Level.PROFESSIONAL: _ES_LINKEDIN
                + (
                    "Las certificaciones de nivel profesional están entre las más exigentes de "
                    "AWS. Piden experiencia con sistemas complejos, requisitos en conflicto y "
                    "criterio para sopesarlos."
                ),
                Level.SPECIALTY: _ES_LINKEDIN
                + (
                    "Las certificaciones de especialidad reconocen la profundidad, en este caso en "
                    "{topic}. Es un conocimiento poco común que enriquece a nuestra comunidad."
                ),
                Level.OTHER: _ES_LINKEDIN
                + (
                    "Es una muestra de la curiosidad y la constancia que hacen avanzar a una "
                    "comunidad profesional."
                ),
            },
            credential="Credencial: {link}",
            profile="{name} en LinkedIn: {link}",
            hashtags=3,
            quoted=700,
        ),
        "instagram": _Tone(
            openings={
                Level.FOUNDATIONAL: "☁️ Primero los cimientos, después el cielo." + _ES_INSTAGRAM,
                Level.ASSOCIATE: "🛠️ Construir, romper, arreglar, aprobar." + _ES_INSTAGRAM,
                Level.PROFESSIONAL: "🏔️ Las vistas compensan la subida." + _ES_INSTAGRAM,
                Level.SPECIALTY: "🔬 {topic}, hasta el último detalle." + _ES_INSTAGRAM,
                Level.OTHER: "🌱 Aquí ha brotado algo nuevo." + _ES_INSTAGRAM,
            },
            credential="Credencial: {link}",
            closing="Deja un 🎉 para {name} en los comentarios.",
            hashtags=8,
            quoted=500,
        ),
        "whatsapp": _Tone(
            openings={
                Level.FOUNDATIONAL: (
                    "Qué buena noticia: {name} obtuvo {certification} el {date}. Un gran comienzo "
                    "en la nube, enhorabuena 🎉"
                ),
                Level.ASSOCIATE: (
                    "Una alegría para compartir: {name} obtuvo {certification} el {date}. Tanta "
                    "práctica ha dado su fruto, enhorabuena 🎉"
                ),
                Level.PROFESSIONAL: (
                    "Nos quitamos el sombrero ante {name}, que obtuvo {certification} el {date}. "
                    "Pocas cosas hay más difíciles, enhorabuena 🎉"
                ),
                Level.SPECIALTY: (
                    "Ya tenemos a quién preguntar sobre {topic}: {name} obtuvo {certification} el "
                    "{date}. Enhorabuena 🎉"
                ),
                Level.OTHER: (
                    "Hay algo que celebrar: {name} obtuvo {certification} el {date}. Enhorabuena 🎉"
                ),
            },
            quoted=160,
            separator=" ",
        ),
        "email": _Tone(
            openings={
                Level.FOUNDATIONAL: (
                    "Hola:\n\n{name} obtuvo {certification} el {date}. Hace falta curiosidad para "
                    "aprender la nube desde los cimientos, y paciencia para demostrarlo en un "
                    "examen. Nos alegra compartir la noticia."
                ),
                Level.ASSOCIATE: (
                    "Hola:\n\nQueremos felicitar a {name}, que obtuvo {certification} el {date}. "
                    "Detrás hay muchas horas de construir, probar y leer, y unos conocimientos que "
                    "serán útiles a toda la comunidad."
                ),
                Level.PROFESSIONAL: (
                    "Hola:\n\nDe vez en cuando llega un resultado que destaca: {name} obtuvo "
                    "{certification} el {date}. Pocos exámenes piden tanta experiencia y tanta "
                    "resistencia, y es un orgullo contar con ese saber en la comunidad."
                ),
                Level.SPECIALTY: (
                    "Hola:\n\n{name} eligió una materia y llegó hasta el fondo: {certification}, "
                    "con fecha del {date}. La próxima vez que hablemos de {topic}, ya sabemos a "
                    "quién invitar."
                ),
                Level.OTHER: (
                    "Hola:\n\nTenemos una buena noticia: {name} obtuvo {certification} el {date}. "
                    "Nos alegra compartirla."
                ),
            },
            subjects={
                Level.FOUNDATIONAL: "{name} ha obtenido {certification}",
                Level.ASSOCIATE: "Enhorabuena a {name}: {certification}",
                Level.PROFESSIONAL: "Gran logro de {name}: {certification}",
                Level.SPECIALTY: "{name}, referencia en {topic}",
                Level.OTHER: "Buenas noticias sobre {name}",
            },
            credential="La credencial: {link}",
            profile="{name} en LinkedIn: {link}",
            closing=(
                "Si conoces a {name}, unas palabras de felicitación siempre se agradecen.\n\n"
                "El equipo de la comunidad"
            ),
            quoted=1_200,
        ),
        "sms": _Tone(
            openings={
                Level.FOUNDATIONAL: _ES_SMS + "¡Gran comienzo!",
                Level.ASSOCIATE: _ES_SMS + "¡Bien hecho!",
                Level.PROFESSIONAL: _ES_SMS + "¡Chapeau!",
                Level.SPECIALTY: _ES_SMS + "¡A fondo!",
                Level.OTHER: _ES_SMS + "¡Enhorabuena!",
            },
            separator=" ",
            short_date=True,
        ),
    },
}
