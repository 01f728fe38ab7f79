"""The embedded AWS's own process: MiniStack, remembering transaction tokens for a quarter minute.

It keeps the whole request with each token. AWS's ten minutes of them are hundreds of megabytes,
while we repeat an unanswered transaction within seconds or not at all.
"""

from __future__ import annotations

from ministack.app import main
from ministack.services import dynamodb

TOKEN_SECONDS = 15

if __name__ == "__main__":
    dynamodb._TXN_TOKEN_TTL = TOKEN_SECONDS
    main()
