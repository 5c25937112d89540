"""The client from PyPI, as its documentation has it: key and site in the environment, host as it is built in."""

from __future__ import annotations

import json
import sys
from typing import Any

import akismet


def main() -> None:
    ham, spam = json.load(sys.stdin)
    with akismet.SyncClient.validated_client() as client:

        def check(fields: Any) -> str:
            return client.comment_check(**fields).name

        told = {
            "checks": [check(ham), check(spam)],
            "test": check({**ham, "comment_author": "akismet-guaranteed-spam", "is_test": True}),
            "discard": check({**spam, "honeypot_field_name": "trap"}),
            "spam": client.submit_spam(**ham),
            "ham": client.submit_ham(**spam),
            "usage": client.usage_limit(),
            "valid": client.verify_key(),
            "invalid": client.verify_key(key="123456789abc", url="https://blog.example.org"),
        }
    print(json.dumps(told))  # noqa: T201 -- read by the test


if __name__ == "__main__":
    main()
