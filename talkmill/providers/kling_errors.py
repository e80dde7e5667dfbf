"""What Kling's error codes mean for us: whether anything was taken, and what a person can do."""

from __future__ import annotations

from typing import Any

from talkmill.errors import AccountError, Duplicate, NotAccepted, OutcomeUnknown, ProviderError, Refused
from talkmill.providers.http import Answered

TOKEN = frozenset((1003, 1004))
"""Not yet valid, expired: a token made anew may help, once."""
ACCOUNT: dict[int, tuple[str, str]] = {
    1000: ("the key is not accepted", "Set KLING_API_KEY, or KLING_ACCESS_KEY and KLING_SECRET_KEY, anew."),
    1001: ("no key arrived", "Set KLING_API_KEY, or KLING_ACCESS_KEY and KLING_SECRET_KEY."),
    1002: ("the key is not valid", "Set KLING_API_KEY, or KLING_ACCESS_KEY and KLING_SECRET_KEY, anew."),
    1100: ("the account is not in order", "Look at the account in Kling's console."),
    1101: ("the account is in arrears", "Pay what is open in Kling's console."),
    1102: (
        "the balance or resource pack is used up or has expired",
        "Buy units in Kling's console; packs are for one product.",
    ),
    1304: ("this machine's address is not on the account's list of allowed ones", "Add it in Kling's console."),
}
"""No request of this account is taken until somebody does something; some of them come as HTTP 429, and waiting never helps."""
REFUSED: dict[int, tuple[str, str]] = {
    1103: ("the account has no right to this model or product", "Enable it in Kling's console, or choose another model."),
    1200: ("the request's parameters are wrong", "Change what it names."),
    1201: ("a value of the request is wrong", "Change what it names."),
    1202: ("the API has no such method", "Look at providers.kling.base_url in config.yaml."),
    1203: ("there is no such model or resource", "Choose another model: older ones are switched off."),
}
MODERATION: dict[int, str] = {1300: "the platform's policy", 1301: "the content safety check"}
BUSY: dict[int, tuple[str, float]] = {
    1302: ("requests come too fast", 1.0),
    1303: ("all parallel tasks of the account are in use", 5.0),
}
UNSURE: dict[int, str] = {5000: "an internal error", 5001: "maintenance", 5002: "a timeout within"}
LONGEST = 300
"""Characters of Kling's own words in a message."""


def code_of(answer: Answered) -> int | None:
    """The code in the answer's envelope; None where there is none."""
    body = answer.json()
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def words_of(answer: Answered) -> str:
    """Kling's own words, with its request id, on one line."""
    body = answer.json()
    if not isinstance(body, dict):
        return ""
    words = " ".join(str(body.get("message") or "").split())[:LONGEST]
    number = body.get("request_id")
    return f"{words} (request {number})" if words and number else words


def not_found(answer: Answered) -> bool:
    """Whether it says that there is no such task: 400 with 1201, told apart by its words."""
    return code_of(answer) in (1201, 1203) and "not found" in words_of(answer).lower()


def repeat(answer: Answered) -> bool:
    """Whether a question that was answered so may be asked again."""
    return (answer.status in (408, 425, 429) or answer.status >= 500) and code_of(answer) not in ACCOUNT


def error_of(answer: Answered, words: str, *, what: str, sent: bool, inputs: tuple[str, ...] = ()) -> ProviderError:
    """The error for an answer that is no success.

    `words` are Kling's, scrubbed of keys; `what` was asked ("lip-sync"); `sent`: it was a request that costs, so that nothing
    certain means `OutcomeUnknown`; `inputs` names what was sent along, for refusals by moderation.
    """
    code, said = code_of(answer), f": {words}" if words else ""
    if code in ACCOUNT:
        problem, cure = ACCOUNT[code]
        return AccountError(f"kling: {problem} (code {code}{said}). {cure}")
    if code in TOKEN:
        return AccountError(f"kling: the key's time is not right (code {code}{said}). Look at this machine's clock.")
    if code in BUSY:
        problem, wait = BUSY[code]
        return NotAccepted(
            f"kling: {problem} (code {code}{said}). It was not taken; it is sent again later.", answer.wait or wait
        )
    if code in MODERATION:
        named = " or ".join(inputs) or "the request"
        return Refused(
            f"kling: {what}: {MODERATION[code]} refuses {named} (code {code}{said}). Change {named}; it is not sent again."
        )
    if code == 1201 and "exist" in words.lower() and "already" in words.lower():
        return Duplicate(f"kling: {what}: a task of this handle exists (code 1201{said}).")
    if code in REFUSED:
        problem, cure = REFUSED[code]
        return Refused(f"kling: {what}: {problem} (code {code}{said}). {cure}")
    shown = f"code {code}{said}" if code is not None else answer.looks_like
    if code in UNSURE or answer.status >= 500 or answer.status == 408 or answer.status < 300:
        if sent:
            return OutcomeUnknown(
                f"kling: {what}: it is not known whether it was taken ({UNSURE.get(code or 0, 'no usable answer')}; {shown})."
            )
        return NotAccepted(f"kling: {what}: no usable answer ({shown}). Run again later.", answer.wait)
    if answer.status in (401, 403):
        return AccountError(f"kling: the key is not accepted ({shown}). Set it anew, and look at providers.kling.base_url.")
    if answer.status == 429:
        return NotAccepted(
            f"kling: {what}: too many requests ({shown}). It was not taken; it is sent again later.", answer.wait or 1.0
        )
    if answer.status < 400:
        return Refused(f"kling: {what}: it sends us elsewhere ({shown}). Correct providers.kling.base_url in config.yaml.")
    return Refused(f"kling: {what}: it was refused ({shown}). Change the request, or look at providers.kling.base_url.")


def data_of(answer: Answered) -> Any:
    """The `data` of a success (HTTP 200, code 0); None where the answer is none."""
    body = answer.json()
    if answer.status != 200 or not isinstance(body, dict) or code_of(answer) != 0:
        return None
    return body.get("data")
