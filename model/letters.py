"""How surprising a run of Latin letters is to someone who reads English: "uggbootsukface" little, "csifgdzp" much.

The table holds letter pairs of the corpus's genuine comments: surprise in sixths of a nat, as characters from "!", for
the letters a to z and the word's edge, rows first letter, columns next letter.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

_TABLE: Final = (
    r"I745N@8D7J9/5+S9V00-<5AF5F/",
    r"/EFE)DTL3>T-E=/HY57=,BRe5Y4",
    r"-S9K-OX.5X15KS*OV4@/5LYU@Z3",
    r"3EK8,KDO0JR>F=0L]:7M9BK];\%",
    r"3A626=@I=WG481A=D.14L9<9<T'",
    r"2TIO03V[.`[7XS*S]1G54fNRA^(",
    r"5LOQ,L:03YV9F;0Pb27F6XSbAW&",
    r"*RVL'SYP-`ZHJF0NZ=E67VRU>`.",
    r";>36667RJW;37)2=K8.-N9PBXA.",
    r"/OUP+PQP>JINKQ,;9J7N&JJYYS;",
    r"8CEI(@FK.TP>M3?MXE/EAVHX?W'",
    r"0GF2,?LN/_@-CK0<^D698AB^0U+",
    r"-8KL)JJO0Z]=7G/1aK7N6:RX1[-",
    r"6P6-0>-J7G7<J>2JPM4/;BTT9D)",
    r"?<<6?2=H<C=73,57T-63-:4GDM,",
    r"/JD=,ED74ZO-?H.1`-756WQH>c.",
    r'>NGKNQHUEUN2IMQKKUHF"UCFUN4',
    r"2F;7)A>H0\8>::/Cb935:>EU5[*",
    r"7M:K.GR62aA@@>18HO4-5O@Y?^&",
    r"5MAI/JQ)0_[>DJ/Fc689:SAW;X(",
    r"795<1@5P8ZH/70I4\.--MV`L@J.",
    r"/G5O$XXZ,c]ONH4G]R;UJNXcGc;",
    r",GJ>,MS,,^PDL7-I]88KRfMYM[-",
    r"/F1C1HTA1[OG<OA,SF>*CMOA>T)",
    r"B=CH5NSS9ZWA>>*:WE4<JMA\RS$",
    r"0:GC(END.KN?GE0JUIGD=KFH51)",
    r".4358495/?@73735F71,:<2J8Ou",
)  # fmt: skip

#: Surprise of each pair of neighbours, in nats; "^" is the word's edge.
_PAIRS: Final = {
    first + then: (ord(sign) - 33) / 6.0
    for first, row in zip("abcdefghijklmnopqrstuvwxyz^", _TABLE, strict=True)
    for then, sign in zip("abcdefghijklmnopqrstuvwxyz^", row, strict=True)
}


@lru_cache(maxsize=16384)
def surprise(word: str) -> float:
    """Mean surprise per letter of a word of the letters a to z, in nats: about 2.5 for English, above 3.2 for noise."""
    edged = f"^{word}^"
    return sum([_PAIRS[edged[i : i + 2]] for i in range(len(word) + 1)]) / (len(word) + 1)
