"""A trained judge on disk: one immutable folder with a manifest, weights and their digests. No pickle, ever.

`weights.npz` holds plain arrays; `manifest.json` says what they are, where they come from and what they must hash to.
Whatever does not check is refused with a reason.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import zipfile
from dataclasses import asdict, astuple, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from model.features import NUMBERS
from model.parts import Doubt
from model.vector import NUMBERS_FROM, WIDTH

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

#: What this code can read. Any change to how a comment becomes a vector is a new format.
FORMAT: Final = 5

MANIFEST: Final = "manifest.json"
WEIGHTS: Final = "weights.npz"
#: Precisions are kept as eighths of a binary logarithm above the least one.
_LOG_STEP: Final = 8.0


#: No log-odds lie in it: texts are judged whole.
NO_DOUBT: Final = Doubt(0.0, 0.0)


class ArtifactError(Exception):
    """A model on disk cannot be trusted: damaged, foreign, or of another format. The text says which and where."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The record of a model. ``files`` maps names to SHA-256; ``training`` says what it learnt from, and with what."""

    version: str
    created_at: str
    parent: str
    format: int = FORMAT
    files: Mapping[str, str] = field(default_factory=dict)
    metrics: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    promise: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Weights:
    """A linear judge: log-odds = ``intercept`` + x · ``weights``, x of `vector.WIDTH` columns.

    ``precision`` is the inverse variance of each weight, what retraining holds on to; ``sites`` have columns of their
    own. In ``doubt`` the parts of a text are judged, too (see `parts`). Weights are exactly as
    stored (half precision in the hashed spaces), so a saved model is the model.
    """

    weights: Floats
    precision: Floats
    intercept: float
    sites: frozenset[str] = frozenset()
    doubt: Doubt = NO_DOUBT

    def stored(self) -> Weights:
        """The same, rounded to what the file keeps."""
        return _unpack(_pack(self), self.sites)


def _pack(weights: Weights) -> dict[str, NDArray[Any]]:
    least = float(weights.precision[:NUMBERS_FROM].min())
    steps = np.rint(_LOG_STEP * np.log2(weights.precision[:NUMBERS_FROM] / least))
    return {
        "hashed": weights.weights[:NUMBERS_FROM].astype(np.float16),
        "precision": np.clip(steps, 0, 255).astype(np.uint8),
        "least": np.array(least),
        "numbers": weights.weights[NUMBERS_FROM:],
        "numbers_precision": weights.precision[NUMBERS_FROM:],
        "intercept": np.array(weights.intercept),
        "doubt": np.array(astuple(weights.doubt)),
    }


def _unpack(arrays: Mapping[str, NDArray[Any]], sites: frozenset[str]) -> Weights:
    hashed = arrays["hashed"].astype(np.float64)
    precision = float(arrays["least"]) * 2.0 ** (arrays["precision"] / _LOG_STEP)
    return Weights(
        np.concatenate((hashed, arrays["numbers"])),
        np.concatenate((precision, arrays["numbers_precision"])),
        float(arrays["intercept"]),
        sites,
        # A model of November 2026 may have no margin.
        Doubt(*arrays["doubt"].tolist()),
    )


def read_manifest(folder: Path) -> Manifest:
    """The record of the model in ``folder``.

    Raises:
        ArtifactError: there is none, or it is not one of ours.
    """
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        text = f"{folder} holds no readable model: {MANIFEST}: {error}"
        raise ArtifactError(text) from error
    if not isinstance(found, dict) or not isinstance(found.get("version"), str):
        text = f"{folder / MANIFEST} is not the manifest of a spam judge"
        raise ArtifactError(text)
    if found.get("format") != FORMAT:
        text = f"{folder} is of format {found.get('format')!r}; this version reads format {FORMAT}: train it again"
        raise ArtifactError(text)
    try:
        return Manifest(**found)
    except TypeError as error:
        text = f"{folder / MANIFEST} is not the manifest of a spam judge: {error}"
        raise ArtifactError(text) from error


def load(folder: Path) -> tuple[Manifest, Weights]:
    """The model in ``folder``, its digests checked.

    Raises:
        ArtifactError: a file is missing or damaged, or the model does not fit this code.
    """
    manifest = read_manifest(folder)
    if WEIGHTS not in manifest.files:
        text = f"{folder / MANIFEST} names no {WEIGHTS}"
        raise ArtifactError(text)
    for name, digest in manifest.files.items():
        _check(folder, name, digest)
    try:
        with np.load(folder / WEIGHTS, allow_pickle=False) as arrays:
            loaded = {name: arrays[name] for name in arrays.files}
        weights = _unpack(loaded, frozenset(manifest.training.get("sites", ())))
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        text = f"{folder / WEIGHTS} cannot be read: {error}"
        raise ArtifactError(text) from error
    names = [number.name for number in NUMBERS]
    if weights.weights.shape != (WIDTH,) or manifest.training.get("numbers", names) != names:
        text = f"{folder} was made for other features ({weights.weights.shape[0]} columns, here {WIDTH})"
        raise ArtifactError(text)
    if not (np.isfinite(weights.weights).all() and np.isfinite(weights.intercept)):
        text = f"{folder / WEIGHTS} holds weights that are no numbers"
        raise ArtifactError(text)
    return manifest, weights


def _check(folder: Path, name: str, digest: str) -> None:
    if name != os.path.basename(name):  # noqa: PTH119 - a name, not a path
        text = f"{folder / MANIFEST} names a file outside its folder: {name!r}"
        raise ArtifactError(text)
    try:
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    except OSError as error:
        text = f"{folder / name} cannot be read: {error}"
        raise ArtifactError(text) from error
    if found != digest:
        text = f"{folder / name} is damaged: its SHA-256 is not the one in {MANIFEST}"
        raise ArtifactError(text)


def save(out: Path, manifest: Manifest, weights: Weights, extra: Mapping[str, bytes] | None = None) -> Path:
    """Write a model as ``out/<version>``, whole or not at all, and return that folder.

    ``extra`` files (the report) are stored and digested with it. A folder of the same version is replaced.

    Raises:
        OSError: the disk is full or may not be written to; nothing is left behind.
    """
    out.mkdir(parents=True, exist_ok=True)
    target = out / manifest.version
    building = out / f".{manifest.version}.{os.getpid()}.tmp"
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir()
    try:
        np.savez_compressed(building / WEIGHTS, allow_pickle=False, **_pack(weights))
        for name, content in (extra or {}).items():
            (building / name).write_bytes(content)
        files = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(building.iterdir())}
        record = json.dumps(asdict(replace(manifest, files=files)), indent=1, sort_keys=True, allow_nan=False)
        (building / MANIFEST).write_text(record + "\n", encoding="utf-8")
        for path in (*building.iterdir(), building):
            _sync(path)
        if target.exists():
            shutil.rmtree(target)
        building.rename(target)
        _sync(out)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise
    return target


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
