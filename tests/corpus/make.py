"""Make the corpus: a few seconds of speech-like sound through every encoder at hand.

Run ``make corpus`` on a machine with lame, ffmpeg, sox, flac and Xiph's encoders. The files and
``index.json`` are committed, so that the suite needs none of them. ``index.json`` says for every
file how many samples of each channel ffmpeg decodes from it, and at which rate.
Nothing here was ever spoken by anyone: the sound is tones, noise and silence.
"""

import json
import math
import random
import struct
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
SECONDS = 3
_FRAGMENTED = "frag_keyframe+empty_moov+default_base_moof"
LAME_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)


def main() -> None:
    """Write every file and the index."""
    for old in HERE.glob("*.*"):
        if old.suffix not in {".py", ".json"}:
            old.unlink()
    for rate in LAME_RATES:
        for channels in (1, 2):
            _lame(rate, channels)
    _ffmpeg()
    _sox()
    _by_hand()
    _containers()
    index = {path.name: _decoded(path) for path in _audio_files()}
    text = json.dumps(index, indent=1, sort_keys=True)
    (HERE / "index.json").write_text(text + "\n", encoding="utf-8")


def _audio_files() -> list[Path]:
    return sorted(path for path in HERE.iterdir() if path.suffix not in {".py", ".json"})


def _run(*command: object, sound: bytes = b"") -> bytes:
    words = [str(word) for word in command]
    done = subprocess.run(words, input=sound, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(words)}\n{done.stderr.decode(errors='replace')}")
    return done.stdout


def _wav(rate: int, channels: int, seconds: float = SECONDS) -> bytes:
    """Return a WAV of syllables: bursts of tone and noise between silences, never the same twice.

    The length is a little odd on purpose: recordings do not end on a frame's edge.
    """
    chance = random.Random(rate * channels)
    count = int(rate * seconds) + 77
    samples = bytearray()
    for k in range(count):
        at = k / rate
        loud = max(0.0, math.sin(2 * math.pi * 1.7 * at)) ** 2
        voice = math.sin(2 * math.pi * (180 + 60 * math.sin(at)) * at) + 0.4 * math.sin(
            2 * math.pi * 910 * at
        )
        for channel in range(channels):
            noise = chance.uniform(-0.3, 0.3)
            value = 9_000 * loud * (voice + noise) * (1 if channel == 0 else 0.6)
            samples += struct.pack("<h", int(value))
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * channels * 2, channels * 2, 16)
    body = b"WAVEfmt " + struct.pack("<I", 16) + form
    body += b"data" + struct.pack("<I", len(samples)) + bytes(samples)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _lame(rate: int, channels: int) -> None:
    """One mode for each rate, so that all of them meet all kinds of streams."""
    sound = _wav(rate, channels)
    low = rate < 32_000
    kbits = {1: "16" if low else "32", 2: "24" if low else "48"}[channels]
    modes = {
        "cbr": ["--cbr", "-b", kbits],
        "cbr-bare": ["--cbr", "-b", kbits, "-t"],
        "abr": ["--abr", kbits],
        "vbr": ["-V", "9"],
        "vbr-bare": ["-V", "9", "-t"],
    }
    place = LAME_RATES.index(rate) + channels
    chosen = (
        list(modes) if rate in {8_000, 16_000} else [list(modes)[(place + k) % 5] for k in (0, 2)]
    )
    for mode in chosen:
        name = f"lame-{mode}-{rate}-{channels}.mp3"
        options = [*modes[mode], "--resample", rate / 1000, "--quiet"]
        _run("lame", *options, "-", HERE / name, sound=sound)
    if rate in {8_000, 44_100} and channels == 1:
        crc = ["--cbr", "-b", kbits, "-p", "--quiet"]
        _run("lame", *crc, "-", HERE / f"lame-crc-{rate}.mp3", sound=sound)
        tagged = ["-V", "9", "--quiet", "--add-id3v2", "--pad-id3v2-size", "512"]
        named = ["--tt", "Made by a machine", "--ta", "Nobody"]
        _run("lame", *tagged, *named, "-", HERE / f"lame-tagged-{rate}.mp3", sound=sound)


def _ffmpeg() -> None:
    for name, rate, channels, options in (
        ("cbr-8000-1.mp3", 8_000, 1, ("-b:a", "16k")),
        ("cbr-bare-8000-1.mp3", 8_000, 1, ("-b:a", "16k", "-write_xing", "0")),
        ("vbr-16000-2.mp3", 16_000, 2, ("-q:a", "9")),
        ("vbr-bare-22050-1.mp3", 22_050, 1, ("-q:a", "9", "-write_xing", "0")),
        ("abr-44100-1.mp3", 44_100, 1, ("-b:a", "40k", "-abr", "1")),
        ("id3v1-16000-1.mp3", 16_000, 1, ("-b:a", "16k", "-write_id3v1", "1")),
        ("shine-44100-1.mp3", 44_100, 1, ("-c:a", "libshine", "-b:a", "32k")),
        ("cbr-16000-1.mp2", 16_000, 1, ("-c:a", "mp2", "-b:a", "16k")),
        ("cbr-48000-2.mp2", 48_000, 2, ("-c:a", "mp2", "-b:a", "64k")),
        ("twolame-24000-1.mp2", 24_000, 1, ("-c:a", "libtwolame", "-b:a", "16k")),
    ):
        quiet = ("ffmpeg", "-loglevel", "error", "-y", "-i", "-", "-metadata", "title=Made")
        _run(*quiet, *options, HERE / f"ffmpeg-{name}", sound=_wav(rate, channels))


def _sox() -> None:
    for name, rate, channels, level in (
        ("cbr-8000-1.mp3", 8_000, 1, "16"),
        ("vbr-16000-1.mp3", 16_000, 1, "-9.2"),
        ("cbr-44100-2.mp3", 44_100, 2, "64"),
        ("cbr-16000-1.mp2", 16_000, 1, "16"),
    ):
        sound = _wav(rate, channels)
        _run("sox", "-t", "wav", "-", "-C", level, HERE / f"sox-{name}", sound=sound)


def _by_hand() -> None:
    """Build what none of the tools write: VBRI headers, APE and LYRICS3 tags, layer I."""
    bare = (HERE / "lame-vbr-bare-16000-1.mp3").read_bytes()
    frames = int(_count(bare))
    first = bytearray(144)  # MPEG-2 layer III, 16 kHz, mono, 32 kbit/s
    first[:4] = bytes.fromhex("fff348c4")
    size = len(bare) + len(first)
    table = struct.pack(">HHHH", 0, 1, 2, 1)
    first[36 : 36 + 26] = struct.pack(">4sHHHII", b"VBRI", 1, 0, 75, size, frames) + table
    (HERE / "hand-vbri-16000-1.mp3").write_bytes(bytes(first) + bare)

    item = struct.pack("<II", 4, 0) + b"Title\x00Made"
    body = len(item) + 32
    ape = [
        b"APETAGEX" + struct.pack("<IIII", 2000, body, 1, flags) + bytes(8)
        for flags in (0xA0000000, 0x80000000)
    ]
    id3v1 = b"TAG" + b"Made by a machine".ljust(124, b"\x00") + b"\xff"
    lyrics = b"LYRICSBEGININD0000200LYR00004la la"
    lyrics += b"%06dLYRICS200" % len(lyrics)
    cbr = (HERE / "lame-cbr-8000-1.mp3").read_bytes()
    (HERE / "hand-ape-8000-1.mp3").write_bytes(cbr + ape[0] + item + ape[1])
    (HERE / "hand-ape-id3v1-16000-1.mp3").write_bytes(bare + ape[0] + item + ape[1] + id3v1)
    (HERE / "hand-lyrics-16000-1.mp3").write_bytes(bare + lyrics + id3v1)
    art = b"ID3\x03\x00\x00" + bytes([0, 6, 32, 0]) + bytes(6 << 14 | 32 << 7)
    (HERE / "hand-big-id3v2-8000-1.mp3").write_bytes(art + cbr)

    # Layer I, 32 kHz mono at 32 kbit/s: with no bits allocated a frame is silence.
    frame = bytes.fromhex("ffff18c0") + bytes(44)
    (HERE / "hand-32000-1.mp1").write_bytes(frame * 200)


def _count(audio: bytes) -> int:
    """Count the frames of a stream by ffmpeg's demuxer."""
    shown = (
        "-of",
        "default=nk=1:nw=1",
        "-show_entries",
        "stream=nb_read_packets",
        "-count_packets",
    )
    return int(_run("ffprobe", "-loglevel", "error", *shown, "-i", "-", sound=audio))


def _containers() -> None:
    """Every container, with each kind of sound that is met in it; the longer ones can be cut."""
    sound = _wav(8_000, 1, seconds=1)
    (HERE / "tiny.wav").write_bytes(sound)
    for name, options in (
        ("tiny.ogg", "-c:a libvorbis -q:a 0"),
        ("tiny-opus.ogg", "-c:a libopus -b:a 8k"),
        ("tiny.m4a", "-c:a aac -b:a 16k"),
        ("tiny.flac", "-c:a flac"),
        ("tiny-pcm24.wav", "-c:a pcm_s24le"),
        ("tiny-float.wav", "-c:a pcm_f32le"),
        ("tiny.aiff", "-c:a pcm_s16be"),
        ("tiny.mov", "-c:a pcm_s16le"),
    ):
        _convert(sound, options, name)
    for name, options in (
        ("tiny-ulaw.wav", "-c:a pcm_mulaw"),
        ("tiny-alaw.wav", "-c:a pcm_alaw"),
        ("tiny-ima.wav", "-c:a adpcm_ima_wav -block_size 256"),
        ("tiny-ms.wav", "-c:a adpcm_ms -block_size 256"),
        ("tiny-g726.wav", "-c:a g726 -b:a 24k"),
        ("tiny-mp3.wav", "-c:a libmp3lame -b:a 16k -write_xing 0"),
        ("tiny-yamaha.wav", "-c:a adpcm_yamaha"),
        ("tiny-ffmpeg.ogg", "-c:a libopus -b:a 8k -page_duration 20000"),
        ("tiny-flac.ogg", "-c:a flac -page_duration 20000"),
        ("tiny-faststart.m4a", "-c:a aac -b:a 16k -movflags +faststart"),
        ("tiny-alac.m4a", "-c:a alac"),
        (
            "tiny-frag.m4a",
            f"-c:a aac -b:a 16k -movflags {_FRAGMENTED} -frag_duration 500000 -f mp4",
        ),
        (
            "tiny-hybrid.m4a",
            "-c:a aac -b:a 16k -movflags frag_keyframe -frag_duration 500000 -f mp4",
        ),
        ("tiny.aac", "-c:a aac -b:a 16k"),
        ("tiny.au", "-c:a pcm_mulaw"),
        ("tiny.gsm", "-c:a libgsm"),
    ):
        _convert(_wav(8_000, 1), options, name)
    _convert(_wav(16_000, 2), "-c:a libvorbis -q:a 0", "tiny-stereo.ogg")
    _convert(_wav(8_000, 2), "-c:a adpcm_ima_wav -block_size 256", "tiny-stereo-ima.wav")
    _convert(_wav(16_000, 1), "-c:a g722", "tiny-g722.wav")
    _piped_and_foreign()


def _piped_and_foreign() -> None:
    """Write what encoders make that can't go back in it, and what others than ffmpeg make."""
    sound = _wav(8_000, 1)
    for name, options in (
        ("tiny-piped-ulaw.wav", "-c:a pcm_mulaw -f wav"),
        ("tiny-piped-gsm.wav", "-c:a libgsm_ms -f wav"),
        ("tiny-piped-mp3.wav", "-c:a libmp3lame -b:a 16k -write_xing 0 -f wav"),
        ("tiny-piped.au", "-c:a pcm_mulaw -f au"),
        ("tiny-piped.flac", "-c:a flac -metadata_header_padding 0 -f flac"),
    ):
        (HERE / name).write_bytes(_convert(sound, options, "-"))
    _run("flac", "--silent", "-f", "--no-padding", "-o", HERE / "tiny-xiph.flac", "-", sound=sound)
    _run("sox", "-t", "wav", "-", "-e", "gsm-full-rate", HERE / "tiny-gsm.wav", sound=sound)
    _run("sox", "-t", "wav", "-", "-t", "aifc", HERE / "tiny.aifc", sound=_wav(8_000, 1, seconds=1))
    opus = "--quiet", "--bitrate", "8", "--framesize", "60", "--serial", "7", "-"
    _run("opusenc", *opus, HERE / "tiny-opusenc.ogg", sound=sound)
    _run("oggenc", "-Q", "-q", "0", "-s", "7", "-o", HERE / "tiny-oggenc.ogg", "-", sound=sound)
    _run("speexenc", "--nframes", "5", "-", HERE / "tiny-speex.ogg", sound=sound)
    for name, options in (
        ("named.webm", "-c:a libopus -b:a 8k"),
        ("named.mka", "-c:a libopus -b:a 8k"),
        ("named.caf", "-c:a pcm_mulaw"),
        ("named.w64", "-c:a pcm_mulaw"),
        ("named.wma", "-c:a wmav2 -ar 16000 -b:a 24k"),
        ("named.ts", "-c:a aac -b:a 16k"),
        ("named-g7231.wav", "-c:a g723_1 -b:a 6.3k"),
    ):
        _convert(_wav(8_000, 1, seconds=1), options, name)


def _convert(sound: bytes, options: str, name: str) -> bytes:
    """Let ffmpeg make a file of a WAV, or return what it writes into a pipe (``-``)."""
    target = name if name == "-" else HERE / name
    quiet = "ffmpeg", "-loglevel", "error", "-y", "-i", "-", "-fflags", "+bitexact"
    return _run(*quiet, *options.split(), target, sound=sound)


def _decoded(path: Path) -> dict[str, int]:
    """Decode all of it; return samples of each channel and their rate."""
    shown = ("-of", "default=nk=1:nw=1", "-show_entries", "stream=sample_rate,channels")
    rate, channels = map(int, _run("ffprobe", "-loglevel", "error", *shown, path).split()[:2])
    pcm = _run("ffmpeg", "-loglevel", "error", "-i", path, "-f", "s16le", "-")
    return {"channels": channels, "rate": rate, "samples": len(pcm) // (2 * channels)}


if __name__ == "__main__":
    main()
