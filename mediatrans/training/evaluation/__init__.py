"""Judging a pair on pictures: the round trip, KID, FID, a linear probe; also while it trains."""
