"""A model on disk is whole and ours, or it is refused with a reason."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from model import artifact
from model.artifact import ArtifactError, Manifest, Weights

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _edit(folder: Path, **changes: Any) -> None:
    path = folder / artifact.MANIFEST
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def _flip_a_bit(folder: Path) -> None:
    path = folder / artifact.WEIGHTS
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _other_arrays(folder: Path) -> None:
    import hashlib  # noqa: PLC0415

    path = folder / artifact.WEIGHTS
    np.savez(path, other=np.zeros(3))
    _edit(folder, files={artifact.WEIGHTS: hashlib.sha256(path.read_bytes()).hexdigest()})


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (_flip_a_bit, "damaged"),
        (_other_arrays, "cannot be read"),
        (lambda folder: (folder / artifact.WEIGHTS).unlink(), "cannot be read"),
        (lambda folder: (folder / artifact.MANIFEST).unlink(), "no readable model"),
        (lambda folder: (folder / artifact.MANIFEST).write_text("{"), "no readable model"),
        (lambda folder: (folder / artifact.MANIFEST).write_text("[]"), "not the manifest"),
        (lambda folder: _edit(folder, format=99), "format 99"),
        (lambda folder: _edit(folder, version=None), "not the manifest"),
        (lambda folder: _edit(folder, surprise=1), "not the manifest"),
        (lambda folder: _edit(folder, files={}), "names no weights"),
        (lambda folder: _edit(folder, files={"../../etc/passwd": "0", artifact.WEIGHTS: "0"}), "outside its folder"),
        (lambda folder: _edit(folder, training={"numbers": ["other"]}), "other features"),
    ],
)
def test_what_is_damaged_or_foreign_is_refused(
    harm: Callable[[Path], object], reason: str, random_folder: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(random_folder, folder)
    harm(folder)
    with pytest.raises(ArtifactError, match=reason):
        artifact.load(folder)


def test_a_saved_model_is_the_model(random_folder: Path, random_weights: Weights) -> None:
    manifest, weights = artifact.load(random_folder)
    assert manifest.version == "random"
    assert np.array_equal(weights.weights, random_weights.weights)
    assert weights.sites == random_weights.sites
    assert np.allclose(weights.precision, random_weights.precision, rtol=0.05)


def test_the_same_model_is_the_same_file(random_folder: Path, random_weights: Weights, tmp_path: Path) -> None:
    again = artifact.save(tmp_path, artifact.read_manifest(random_folder), random_weights)
    assert (again / artifact.WEIGHTS).read_bytes() == (random_folder / artifact.WEIGHTS).read_bytes()


def test_a_failed_save_leaves_nothing(random_weights: Weights, tmp_path: Path) -> None:
    unspeakable = Manifest("broken", "", "", metrics={"roc_auc": float("nan")})
    with pytest.raises(ValueError, match="JSON"):
        artifact.save(tmp_path, unspeakable, random_weights)
    assert not list(tmp_path.iterdir())
