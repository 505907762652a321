"""Whether the bytes of a video file are all there: declared sizes, block chains and checksums."""

from mediatrans.media.wholeness.chains import y4m_missing
from mediatrans.media.wholeness.damage import damage_of
from mediatrans.media.wholeness.doubts import doubt_of
from mediatrans.media.wholeness.multipart import is_multipart_jpeg
from mediatrans.media.wholeness.sizes import matroska_size
from mediatrans.media.wholeness.ts_joints import clean_joints

__all__ = [
    "clean_joints",
    "damage_of",
    "doubt_of",
    "is_multipart_jpeg",
    "matroska_size",
    "y4m_missing",
]
