"""What a code looks like.

The forms that need no label, and how much any other token resembles one.
"""

import errno
import re

from text.patterns.tokens import MEASURE, YEAR, has_digit

TAGGED = (
    r"HTTP(?:/\d(?:\.\d)?)?[ :]{0,2}[45]\d\d|SQLSTATE[ :=]{0,2}\[?[0-9A-Z]{5}\b\]?"
    r"|(?-i:[A-Z]{2,4} \d{2,4}-\d{1,4})"
)
CODE = (
    rf"(?:{TAGGED}|(?:[A-Za-z0-9]{{1,40}}+::)?[A-Za-z0-9]++(?:[-_/.][A-Za-z0-9]++)*+)"
)

SEGMENT = re.compile(r"[-_:/.]+")
SAYS_ERROR = re.compile(
    r"(?:ERR|ERROR|ERRO|ERRNO|FAIL|FAILED|FAILURE|FAULT|EXC|EXCEPTION|FEHLER)\d*"
)
VENDOR = re.compile(
    r"(?:ORA|TNS|PLS|RMAN|DPI|SP2|CLSR|CRS)-\d{4,5}|SQL\d{4,5}[NCW]|0x[0-9A-Fa-f]{8}"
)
E_PART = re.compile(r"E\d{2,6}|0x[0-9A-Fa-f]{2,8}")
HEX = re.compile(r"0x[0-9A-Fa-f]{1,16}")
CAPITAL = re.compile(
    r"[A-Z]{1,10}[-_]?\d{1,7}[A-Z]{0,2}(?:[-_./]\w{1,10})*"
    r"|[A-Z]+(?:[-_][A-Z0-9]+)*[-_]\d{1,7}[A-Z]?(?:[-_]\w{1,10})*"
)
NUMBERED = re.compile(
    r"\d{1,6}[-_.]?[A-Z]{1,3}\d{0,4}|\d{1,6}(?:[-_/]\d{1,6}|[-_/][A-Z]{1,3}){1,3}"
)
TECHNOLOGY = re.compile(
    r"(?:UTF|UCS|SHA|AES|DES|MD|ISO|IEC|RFC|CVE|CWE|GHSA|BASE|WIN|X|RSA|IPV|IP|MP|JDK|JRE|JAVA"
    r"|JUNIT|LOG|LZ"
    r"|PYTHON|PHP|HTML|CSS"
    r"|TLS|SSL|USB|HDMI|RTX|GTX|PS|EC|OAUTH|OFFICE|WINDOWS|CENTOS|RHEL|RS|PKCS|INT|UINT|FLOAT"
    r"|COVID)[-_]?\d{1,4}[A-Z]?"
    r"|[A-DG-Z]\d[A-Z]?"
)
ERRNO_NAMES = frozenset(errno.errorcode.values()) | {
    "ENOTFOUND",
    "EAI_AGAIN",
    "EAI_FAIL",
    "EAI_NONAME",
    "EINTEGRITY",
    "ERESOLVE",
}
MAX_LENGTH, MAX_DIGITS, SURE_DIGITS = 50, 10, 2
CONSTANT_PARTS = 2


def stands_alone(token: str) -> bool:
    """A form that only codes have.

    ORA-00942, 0x80070057, or a part of it says error (ERR-5003, NS_ERROR_FAILURE).
    """
    if VENDOR.fullmatch(token):
        return True
    parts = SEGMENT.split(token)
    if len(parts) > 1 and has_digit(token) and _is_error_family(parts):
        return True
    return (len(parts) > 1 or has_digit(token)) and any(
        SAYS_ERROR.fullmatch(part) for part in parts
    )


def _is_error_family(parts: list[str]) -> bool:
    """Whether the parts are of a family that only error codes have.

    `err_1`, a letter E with a number, a hex number.
    """
    first = parts[0]
    if first.lower() in {"err", "error"}:
        return True
    if first == "E":
        return parts[1].isalpha() and parts[1].isupper() and parts[-1].isdigit()
    return (
        first.isalpha()
        and first.isupper()
        and any(E_PART.fullmatch(part) for part in parts[1:])
    )


def is_constant(token: str) -> bool:
    """An errno name or capitals with underscores, as CRITICAL_PROCESS_DIED."""
    if token in ERRNO_NAMES:
        return True
    return (
        token.isupper()
        and token.count("_") + 1 >= CONSTANT_PARTS
        and token.replace("_", "A").isalnum()
    )


def is_code(token: str, *, marked: bool = False) -> bool:
    """Letters and digits that, where a code is expected, can be one: E-77, TS2345, 17-B, HTTP 503.

    `marked` says that the text calls it the code: then small letters will do ("exception
    code c0000005").
    """
    if len(token) > MAX_LENGTH:
        return False
    if (
        re.fullmatch(TAGGED, token)
        or HEX.fullmatch(token)
        or stands_alone(token)
        or is_constant(token)
    ):
        return True
    if not has_digit(token) or MEASURE.fullmatch(token):
        return False
    return marked or bool(CAPITAL.fullmatch(token) or NUMBERED.fullmatch(token))


def is_technology(token: str) -> bool:
    """The name of a standard or a product that only looks like a code (UTF-8, SHA-256)."""
    return TECHNOLOGY.fullmatch(token) is not None


def is_code_number(token: str, *, marked: bool) -> bool:
    """A bare number that, beside the word error, is its code.

    One digit only when it is said to be the code.
    """
    if not token.isdigit() or len(token) > MAX_DIGITS or not token.strip("0"):
        return False
    return marked or (len(token) >= SURE_DIGITS and not YEAR.fullmatch(token))
