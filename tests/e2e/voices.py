"""Comments as a gardening blog gets them, for the browser tests and their pictures."""

from __future__ import annotations

from typing import Any

TOMATOES = {
    "thread": "tomatoes-on-a-windowsill",
    "thread_title": "Growing tomatoes on a north-facing windowsill",
    "thread_url": "https://garden.example/tomatoes-on-a-windowsill",
}
SOURDOUGH = {
    "thread": "sourdough-in-winter",
    "thread_title": "Sourdough in a cold kitchen",
    "thread_url": "https://garden.example/sourdough-in-winter",
}
SAFARI = "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605"

PENDING: list[dict[str, Any]] = [
    TOMATOES
    | {
        "author_name": "best grow light reviews",
        "author_email": "outreach4471@growlights.example",
        "author_url": "https://best-grow-lights-2026.example/reviews?ref=cmt",
        "body": "Great post! I really enjoyed reading this and will definitely share it with my friends. For the best "
        "grow lights at a discount, check out our reviews at https://best-grow-lights-2026.example/reviews, "
        "limited time offer, free shipping!!!",
        "user_agent": "python-requests/2.31",
        "ip": "203.0.113.77",
    },
    TOMATOES
    | {
        "author_name": "Margit Olsen",
        "author_email": "margit.olsen@example.org",
        "body": "I tried the grow-light trick last February and it works, but keep the lamp closer than you think: mine "
        "got leggy until I moved it to about ten centimetres above the leaves.",
        "ip": "198.51.100.7",
    },
    TOMATOES
    | {
        "author_name": "Piet de Vries",
        "author_email": "piet@example.net",
        "author_url": "https://pietplant.example",
        "body": "Disagree with the watering advice. Overwatering is what kills windowsill tomatoes, not the dark.\n\n"
        "Let the top two centimetres dry out. Every time.",
        "ip": "198.51.100.23",
    },
    SOURDOUGH
    | {
        "author_name": "Robert",
        "author_email": "robert@marketing-results.example",
        "author_url": "http://marketing-results.example",
        "body": "This is very interesting, You are a very skilled blogger. I have joined your rss feed and look forward "
        "to seeking more of your great post. Also, I have shared your site in my social networks!",
        "ip": "203.0.113.140",
    },
    SOURDOUGH
    | {
        "author_name": "Anna Lindqvist",
        "author_email": "anna@annasbakery.example",
        "author_url": "https://annasbakery.example",
        "body": "Lovely write-up! I run a small bakery in Uppsala and we keep our levain in a wooden box with a hot-water "
        "bottle overnight. Do you feed it before or after it has been in the fridge?",
        "ip": "198.51.100.90",
    },
]

TALK: list[dict[str, Any]] = [
    {
        "author_name": "Noor",
        "author_email": "noor@example.org",
        "body": "The third habit is the one nobody builds. **Undo** is what makes a moderator brave.",
    },
    {
        "author_name": "Elias Brandt",
        "author_email": "elias@brandt.example",
        "author_url": "https://brandt.example",
        "body": "We closed ours in 2019 and I regret it. The corrections stopped coming, and I did not notice how many "
        "there had been until they were gone.\n\n> a conversation becomes a broadcast\n\nThat is what happened.",
    },
    {
        "author_name": "Júlia",
        "author_email": "julia@example.com",
        "body": "I have read this twice and still do not know whether I am the grateful student or the script.",
    },
]


#: What breaks a layout, or what is no text for people: long, unbroken, right to left, hidden, like markup.
ODD: list[dict[str, Any]] = [
    {"author_name": "N" * 180, "author_email": "n@example.org", "body": "B" * 4000},
    {
        "author_name": "سلمى",
        "author_email": "s@example.org",
        "body": "شكرا على المقال، انظر https://spam.example/مقال هنا.",
    },
    {
        "author_name": "<b>Bobby</b>",
        "author_email": "b@example.org",
        "body": "<script>alert(1)</script> \u202e{{ 7 * 7 }}\u200b",
    },
    {"author_name": "List", "author_email": "l@example.org", "body": "\n".join(f"{n}." for n in range(300))},
    {
        "author_name": "Link",
        "author_email": f"{'e' * 60}@example.org",
        "author_url": f"https://{'w' * 60}.example/{'p' * 300}",
        "body": f"https://{'a' * 60}.example/{'b' * 1500}",
    },
]


def wave(size: int) -> list[dict[str, Any]]:
    """Return a campaign: nearly the same text under many names, in two threads."""
    return [
        [TOMATOES, SOURDOUGH][number % 2]
        | {
            "author_name": f"lucky winner {number}",
            "author_email": f"winner{number}@lucky-wheel.example",
            "author_url": f"https://lucky-wheel.example/spin?from={number}",
            "body": "Last Friday I spun the lucky wheel for the first time and went home with more than I earn in a "
            f"month. They still pay a welcome bonus to whoever comes from here, code GARDEN{number}.",
            "ip": f"203.0.113.{number + 1}",
        }
        for number in range(size)
    ]
