"""Build the card's fonts from their published sources; run it again to get the same bytes.

Developers only: what it writes is committed under ``chalicelib/gateways/imaging/fonts/``. Sources:

* Noto, from Debian 12: ``apt-get install fonts-noto-core fonts-noto-extra fonts-noto-cjk
  fonts-noto-cjk-extra unicode-data``;
* Noto Emoji (monochrome), from npm: ``npm pack @fontsource/noto-emoji@5.3.2``, unpacked.

Then ``python -m sandbox.fonts --emoji package/files`` (needs ``uharfbuzz``, and ``fonttools`` with
``brotli`` for the emoji). Every font keeps its copyright and licence names; what a card never uses
(hinting, vertical metrics, unused layout features) is dropped.
"""

from __future__ import annotations

import argparse
import bz2
import io
import re
import sys
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path

import uharfbuzz as hb  # type: ignore[import-untyped]

TARGET = Path(__file__).parents[1] / "chalicelib" / "gateways" / "imaging" / "fonts"
NOTO = Path("/usr/share/fonts/truetype/noto")
CJK = Path("/usr/share/fonts/opentype/noto")
UNICODE = Path("/usr/share/unicode")

LATIN_GREEK_CYRILLIC = (
    *range(0x20, 0x250),
    *range(0x2B0, 0x378),
    *range(0x37A, 0x530),
    *range(0x1AB0, 0x1AC1),
    *range(0x1C80, 0x1C89),
    *range(0x1DC0, 0x2000),
    *range(0x2010, 0x20C0),
    *range(0x2100, 0x2150),
    *range(0x2190, 0x2194),
    0x2212,
    0x2260,
    0x2264,
    0x2265,
    0x25CC,
    *range(0x2C60, 0x2C80),
    *range(0xFB00, 0xFB07),
)
"""What the two Latin families keep; every other family keeps all it has."""

SYMBOLS = (*range(0x2100, 0x2C00), *range(0x1F100, 0x1F200), *range(0x1F650, 0x1F680))
LATIN = ("NotoSerifDisplay-SemiBold", "NotoSans-Medium")
SERIF = """
    Armenian Bengali Devanagari Ethiopic Georgian Gujarati Gurmukhi Hebrew Kannada Khmer Lao
    Malayalam Myanmar Sinhala Tamil Telugu Thai Tibetan
"""
SANS = """
    CanadianAboriginal-SemiBold Cherokee-SemiBold Thaana-SemiBold OlChiki-SemiBold
    MeeteiMayek-SemiBold Javanese-Bold Balinese-SemiBold Sundanese-SemiBold Lisu-SemiBold
    Cham-SemiBold TaiTham-SemiBold KayahLi-SemiBold HanifiRohingya-SemiBold Oriya-Bold Adlam-Bold
    Syriac-Regular NKo-Regular Tifinagh-Regular Mongolian-Regular Vai-Regular Coptic-Regular
    Gothic-Regular Runic-Regular Buginese-Regular Limbu-Regular Lepcha-Regular TaiLe-Regular
    NewTaiLue-Regular Chakma-Regular Newa-Regular Osage-Regular Deseret-Regular Tagalog-Regular
    Batak-Regular Saurashtra-Regular Wancho-Regular
"""
SCRIPTS = (
    "NotoNaskhArabic-SemiBold",
    *(f"NotoSerif{script}-SemiBold" for script in SERIF.split()),
    *(f"NotoSans{script}" for script in SANS.split()),
)
NAMES = (0, 1, 2, 3, 4, 5, 13, 14)
DROPPED = ("VORG", "vhea", "vmtx", "DSIG", "STAT", "MATH", "BASE")
LATIN_FEATURES = ("ccmp", "locl", "mark", "mkmk", "kern", "liga")
CJK_FEATURES = ("ccmp", "locl")


def main() -> int:
    """Write every font and say how large each became."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--emoji", type=Path, help="the unpacked package's `files` directory")
    parser.add_argument("--only", default="", help="build names that contain this")
    options = parser.parse_args()
    TARGET.mkdir(parents=True, exist_ok=True)
    for name in LATIN:
        if options.only in name:
            source = NOTO / f"{name}.ttf"
            write(name, subset(source, LATIN_GREEK_CYRILLIC, LATIN_FEATURES))
    for name in SCRIPTS:
        if options.only in name:
            write(name, subset(NOTO / f"{name}.ttf"))
    if options.only in "NotoSansSymbols2-Regular":
        name = "NotoSansSymbols2-Regular"
        write(name, subset(NOTO / f"{name}.ttf", SYMBOLS))
    if options.only in "NotoSansCJK-Medium":
        source = CJK / "NotoSansCJK-Medium.ttc"
        write(
            "NotoSansCJK-Medium",
            subset(source, cjk(), CJK_FEATURES, index=2),
        )
    if options.emoji and options.only in "NotoEmoji-SemiBold":
        write("NotoEmoji-SemiBold", emoji(options.emoji))
    total = sum(path.stat().st_size for path in TARGET.glob("*.?tf"))
    print(f"{total / 1e6:8.2f} MB in all", file=sys.stderr)
    return 0


def write(name: str, font: bytes) -> None:
    """Store one font under the ending its outlines ask for."""
    path = TARGET / f"{name}.{'otf' if font[:4] == b'OTTO' else 'ttf'}"
    path.write_bytes(font)
    print(f"{len(font) / 1e3:8.0f} kB  {path.name}", file=sys.stderr)


def subset(
    source: Path,
    unicodes: Iterable[int] | None = None,
    features: Iterable[str] | None = None,
    index: int = 0,
) -> bytes:
    """Return the font with these characters (all, if not said) and nothing a card can't use."""
    return subset_bytes(source.read_bytes(), unicodes, features, index)


def subset_bytes(
    source: bytes,
    unicodes: Iterable[int] | None = None,
    features: Iterable[str] | None = None,
    index: int = 0,
) -> bytes:
    """Do what `subset` says on bytes."""
    face = hb.Face(hb.Blob(source), index)
    wanted = hb.SubsetInput()
    wanted.unicode_set.update(face.unicodes if unicodes is None else unicodes)
    wanted.name_id_set.clear()
    wanted.name_id_set.update(NAMES)
    for table in DROPPED:
        wanted.sets(hb.SubsetInputSets.DROP_TABLE_TAG).add(tag(table))
    if features is not None:
        wanted.layout_feature_tag_set.clear()
        wanted.layout_feature_tag_set.update(tag(feature) for feature in features)
    wanted.flags = hb.SubsetFlags.NO_HINTING | hb.SubsetFlags.NOTDEF_OUTLINE
    return bytes(hb.subset(face, wanted).blob.data)


def tag(text: str) -> int:
    """Return an OpenType tag as HarfBuzz counts it."""
    return int.from_bytes(text.encode("ascii"), "big")


def cjk() -> set[int]:
    """Return the characters of East Asian names: the four national sets and what names add.

    GB 2312, the General Standard (TGH 2013), Big Five's common half, JIS X 0208 with the Jinmeiyō
    list and the IBM names, KS X 1001, the international core IICore, all hangul syllables.
    """
    wanted = set(range(0xAC00, 0xD7A4))
    for encoding, last in (("gb2312", 0xFF), ("big5", 0xC6), ("shift_jis", 0xFF), ("euc_kr", 0xFF)):
        wanted |= {code for code in range(0x20, 0xFFFF) if lead(chr(code), encoding) <= last}
    wanted |= {*range(0x20, 0x7F), *range(0x3000, 0x3130)}
    wanted |= {*range(0x3130, 0x3190), *range(0x31A0, 0x31C0), *range(0xFF00, 0xFFF0)}
    listed = re.compile(r"U\+([0-9A-F]+)\t(kTGH|kJinmeiyoKanji|kIICore|kIBMJapan)\t")
    for part in ("OtherMappings", "IRGSources", "DictionaryLikeData"):
        text = bz2.decompress((UNICODE / f"Unihan_{part}.txt.bz2").read_bytes()).decode()
        wanted |= {int(match[1], 16) for match in listed.finditer(text)}
    return wanted


def lead(character: str, encoding: str) -> int:
    """Return the first byte of a character in a national set, 256 if the set lacks it."""
    try:
        return character.encode(encoding)[0]
    except UnicodeError:
        return 256


def emoji(folder: Path) -> bytes:
    """Join the package's slices into one font."""
    # Only whoever rebuilds the emoji needs fonttools, so it is no dependency of the project.
    merge, tables = import_module("fontTools.merge"), import_module("fontTools.ttLib")
    slices = []
    for number in range(100):
        path = folder / f"noto-emoji-{number}-600-normal.woff2"
        if not path.exists():
            continue
        font = tables.TTFont(path, recalcTimestamp=False)
        font.flavor = None
        slice_file = io.BytesIO()
        font.save(slice_file)
        slice_file.seek(0)
        slices.append(slice_file)
    dropped = merge.Options(drop_tables=["DSIG", "STAT", "fvar", "gvar", "avar"])
    merged = merge.Merger(options=dropped).merge(slices)
    merged.recalcTimestamp = False
    merged["head"].created = merged["head"].modified = 0
    joined = io.BytesIO()
    merged.save(joined)
    return subset_bytes(joined.getvalue())


if __name__ == "__main__":
    raise SystemExit(main())
