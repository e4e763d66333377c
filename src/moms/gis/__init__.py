"""Where things are: what a map draws of a grid and of what is out, and how much of it who may see."""

from moms.gis.compact import document_of, packed, unpacked
from moms.gis.features import Features, features_of
from moms.gis.seen import BACKBONE_KV, Seen, all_of, seen_by
from moms.gis.trace import Trace, trace

__all__ = [
    "BACKBONE_KV", "Features", "Seen", "Trace", "all_of", "document_of", "features_of", "packed", "seen_by", "trace",
    "unpacked",
]  # fmt: skip
