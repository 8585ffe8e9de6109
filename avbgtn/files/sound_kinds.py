"""Sound or not, by a file's first bytes: its name says little, and a decoder may take long to open it."""

import os
import stat
from os import PathLike
from pathlib import Path

import soundfile

ENDINGS = frozenset(
    ".wav .wave .flac .ogg .oga .opus .mp3 .mp2 .aif .aiff .aifc .au .snd .caf .w64 .rf64 .voc "
    ".m4a .m4b .aac .amr .ape .wma .wv .mka .weba .mid .midi .mp4 .webm .mkv .mov".split()
)
FIRST = 64  # bytes that are looked at
# What libsndfile decodes: where, and which bytes. RIFF, FORM and MPEG need a second look.
READABLE = (
    (0, b"fLaC"), (0, b"OggS"), (0, b"ID3"), (0, b"caff"), (0, b".snd"), (0, b"dns."), (0, b"RF64"),
    (0, b"BW64"),
    (0, b"riff\x2e\x91\xcf\x11"), (0, b"Creative Voice File"), (0, b"NIST_1A"), (0, b"2BIT"), (0, b" paf"),
    (0, b"fap "), (0, b"PVF1\n"), (0, b"\x64\xa3"), (2, b"\xa3\x64"), (0, b"ALawSoundFile**"),
    (0, b"Extended Instrument: "),
)  # fmt: skip
# What it does not, and the ending that a person knows it by.
UNREADABLE = (
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media (.wma)"),
    (0, b"\x1a\x45\xdf\xa3", "Matroska (.webm, .mka)"),
    (0, b"#!AMR", "AMR (.amr)"), (0, b"MAC ", "Monkey's Audio (.ape)"), (0, b"wvpk", "WavPack (.wv)"),
    (0, b"MPCK", "Musepack (.mpc)"), (0, b"MP+", "Musepack (.mpc)"), (0, b"TTA1", "True Audio (.tta)"),
    (0, b"DSD ", "DSD (.dsf)"), (0, b"FRM8", "DSD (.dff)"), (0, b".RMF", "RealMedia (.rm)"),
    (0, b".ra\xfd", "RealAudio (.ra)"),
    (0, b"MThd", "MIDI (.mid), notes without a sound"), (0, b"\x0b\x77", "Dolby Digital (.ac3)"),
    (0, b"ADIF", "AAC (.aac)"),
)  # fmt: skip
PICTURES = (b"avif", b"avis", b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"jxl ", b"crx ")


def is_sound(path: str | PathLike) -> bool:
    """Whether a file is a sound, also one that cannot be read here: by its first 64 bytes, or as libsndfile
    finds a header of a rarer kind, or else by its ending.

    Nothing is decoded, and nothing but an ordinary file is opened: a pipe cannot hold this up. Never raises.
    """
    try:
        if stat.S_ISREG(os.stat(path).st_mode):
            with open(path, "rb") as file:
                first = file.read(FIRST)
            if decodable(first) or unreadable(first):
                return True
            if picture(first):
                return False
            with open(path, "rb") as file, soundfile.SoundFile(file):
                return True
    except (OSError, ValueError, RuntimeError):  # libsndfile's errors are RuntimeErrors
        pass
    return Path(path).suffix.lower() in ENDINGS


def decodable(first: bytes) -> bool:
    """Whether libsndfile knows files that begin so."""
    if first[:4] in (b"RIFF", b"RIFX"):
        return first[8:12] == b"WAVE"
    if first[:4] == b"FORM":
        return first[8:12] in (b"AIFF", b"AIFC", b"8SVX", b"16SV")
    return any(first[at:].startswith(mark) for at, mark in READABLE) or _mpeg(first)


def unreadable(first: bytes) -> str | None:
    """What kind of sound, or of film with sound, a file that begins so is, if libsndfile does not know it."""
    if first[4:8] == b"ftyp" and first[8:12] not in PICTURES:
        return "MPEG-4 (.m4a, .mp4)"
    if first[4:8] in (b"moov", b"mdat", b"wide"):
        return "QuickTime (.mov)"
    if first[:4] == b"RIFF" and first[8:12] == b"AVI ":
        return "AVI (.avi)"
    if len(first) > 1 and first[0] == 0xFF and first[1] & 0xF6 == 0xF0:  # MPEG's mark with layer 0
        return "AAC (.aac)"
    return next((kind for at, mark, kind in UNREADABLE if first[at:].startswith(mark)), None)


def picture(first: bytes) -> bool:
    """Whether a file that begins so is one of the usual pictures, whatever it is called."""
    marks = (
        b"\x89PNG",
        b"\xff\xd8\xff",
        b"GIF8",
        b"BM",
        b"II*\0",
        b"MM\0*",
        b"\0\0\0\x0cJXL ",
        b"\0\0\0\x0cjP  ",
    )
    riff = first[:4] == b"RIFF" and first[8:12] == b"WEBP"
    return first.startswith(marks) or riff or (first[4:8] == b"ftyp" and first[8:12] in PICTURES)


def _mpeg(first: bytes) -> bool:
    """The header of a frame of MPEG sound: eleven ones, and no field that holds a reserved value."""
    if len(first) < 4 or first[0] != 0xFF or first[1] & 0xE0 != 0xE0:
        return False
    version, layer, rate, bits = first[1] >> 3 & 3, first[1] >> 1 & 3, first[2] >> 2 & 3, first[2] >> 4
    return version != 1 and layer != 0 and rate != 3 and bits != 15
