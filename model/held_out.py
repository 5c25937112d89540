"""What a judge made of labelled comments that it had not learnt: the ground that its promises stand on."""

from __future__ import annotations

import io
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FILE: Final = "held_out.npz"


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Labels and calibrated probabilities, shape ``(n,)`` each; ``site`` indexes ``sites``, the names."""

    spam: NDArray[np.bool_]
    given: Floats
    site: NDArray[np.int32]
    sites: tuple[str, ...]

    @classmethod
    def of(cls, spam: NDArray[np.bool_], given: Floats, site_names: Sequence[str]) -> HeldOut:
        """From labels, probabilities and the name of each comment's site ("" where there is none)."""
        sites, index = np.unique(np.asarray(site_names, dtype=object).astype(str), return_inverse=True)
        return cls(spam, _single(given), index.astype(np.int32), tuple(sites.tolist()))

    def at(self, site: str) -> HeldOut:
        """The part that comes from one site."""
        chosen = self.site == (self.sites.index(site) if site in self.sites else -1)
        return HeldOut(self.spam[chosen], self.given[chosen], self.site[chosen], self.sites)

    def as_bytes(self) -> bytes:
        """As a file keeps it."""
        file = io.BytesIO()
        names = np.array(self.sites, dtype=np.str_)
        given = self.given.astype(np.float32)
        np.savez_compressed(file, allow_pickle=False, spam=self.spam, given=given, site=self.site, sites=names)
        return file.getvalue()

    @classmethod
    def from_bytes(cls, content: bytes) -> HeldOut:
        """What `as_bytes` wrote.

        Raises:
            ValueError: it is something else.
        """
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
                found: dict[str, NDArray[Any]] = {name: arrays[name] for name in arrays.files}
            spam, given, site, sites = (found[name] for name in ("spam", "given", "site", "sites"))
        except (OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
            text = f"no held-out labels: {error}"
            raise ValueError(text) from error
        return cls(spam.astype(np.bool_), given.astype(np.float64), site.astype(np.int32), tuple(sites.tolist()))


def _single(given: Floats) -> Floats:
    """In the precision of the file, so that cuts are solved on the same numbers before and after."""
    return given.astype(np.float32).astype(np.float64)
