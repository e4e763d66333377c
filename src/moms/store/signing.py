"""Anchors signed with a key that the database's administrator does not hold (Ed25519), and signatures checked."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from moms.records.journal import anchor_of
from moms.records.verify import Fault, What
from moms.values import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Signer = Callable[[str], str]

WHAT = b"moms anchor\n"
"""Before the hash that is signed: what a key signs elsewhere is no anchor."""
MAKE = "openssl genpkey -algorithm ed25519 -out FILE; chmod 600 FILE"


class NotAKey(Refused):
    """A file that holds no key by which anchors are signed or checked."""


def signer_of(env: Mapping[str, str]) -> Signer | None:
    """Give what signs an anchor's hash with the key that `MOMS_ANCHOR_KEY` names; None where it names none.

    Raises:
        NotAKey: no private key of Ed25519 is in the file, or others may read it.
    """
    named = env.get("MOMS_ANCHOR_KEY")
    if not named:
        return None
    path = Path(named)
    try:
        open_to_others = path.stat().st_mode & 0o077
        found = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as why:
        raise NotAKey(f"{named}: {type(why).__name__}", field="MOMS_ANCHOR_KEY", fix=MAKE) from why
    if not isinstance(found, Ed25519PrivateKey):
        raise NotAKey(f"{named} holds a key of another kind", field="MOMS_ANCHOR_KEY", fix=MAKE)
    if open_to_others:
        raise NotAKey(f"others may read {named}", field="MOMS_ANCHOR_KEY", fix=f"chmod 600 {named}")
    key = found
    return lambda hash_: base64.b64encode(key.sign(WHAT + hash_.encode())).decode()


def public_key(file: Path) -> Ed25519PublicKey:
    """Read a public key by which anchors are checked.

    Raises:
        NotAKey: none of Ed25519 is in the file.
    """
    fix = "give the public half: openssl pkey -in KEY -pubout"
    try:
        found = load_pem_public_key(file.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm) as why:
        raise NotAKey(f"{file}: {type(why).__name__}", field="--key", fix=fix) from why
    if not isinstance(found, Ed25519PublicKey):
        raise NotAKey(f"{file} holds a key of another kind", field="--key", fix=fix)
    return found


def unsigned(file: Path, keys: Sequence[Ed25519PublicKey]) -> tuple[int, tuple[Fault, ...]]:
    """Give the last anchor of a copy that one of these keys has signed (0: none), and what is wrong with signatures.

    An anchor binds the one before it, so that a good signature stands for all before it, signed or not.
    """
    faults, last, end = list[Fault](), 0, 0
    for line in file.read_text().splitlines() if file.is_file() else ():
        if not line.strip():
            continue
        anchor, said = anchor_of(line), json.loads(line).get("signature")
        end = anchor.sequence
        if said is None:
            continue
        if any(_holds(key, str(said), anchor.hash) for key in keys):
            last = anchor.sequence
        else:
            faults.append(_fault(anchor.sequence, "its signature is of none of these keys, or of another anchor"))
    if end > last:
        faults.append(_fault(end, f"nothing is signed after anchor {last}" if last else "no anchor is signed"))
    return last, tuple(faults)


def _holds(key: Ed25519PublicKey, signature: str, hash_: str) -> bool:
    try:
        key.verify(base64.b64decode(signature, validate=True), WHAT + hash_.encode())
    except (InvalidSignature, ValueError):
        return False
    return True


def _fault(number: int, says: str) -> Fault:
    return Fault(what=What.CHANGED, table="anchors outside", row=f"anchor {number}", says=f"anchor {number}: {says}")
