"""Whether the bytes of a video file are all there: declared sizes, block chains and checksums."""

from mediatrans.media.wholeness.damage import damage_of, lost_ts_packets
from mediatrans.media.wholeness.sizes import matroska_size

__all__ = ["damage_of", "lost_ts_packets", "matroska_size"]
