"""Tokens that show by themselves what they are: prefixes, webhooks, headers, keys."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from .rules import MASK, Rule

COOKIE: Final = Rule(r"(?i)\b((?:set-)?cookie:[ \t]*)([^\r\n\"']+)")
BEARER: Final = Rule(
    r"(?i)\b(bearer|basic|x-api-key:?)([ \t]+|=)([A-Za-z0-9._~+/-]{8,}=*)"
)
_PEM: Final = Rule(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?"
    r"(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.DOTALL,
)
_JWT: Final = Rule(r"\beyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?")
#: Tokens that their providers mark by a prefix, so that they can be found.
_PROVIDERS: Final = Rule(
    r"(?<![A-Za-z0-9])(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{22,}|gl(?:pat|sa|dt|rt|ft)"
    r"[-_][\w-]{20,}|hf_[A-Za-z0-9]{30,}|sk-(?=[\w-]{0,99}\d)(?=[\w-]{0,99}[A-Z])[\w-]{20,}"
    r"|sk-ant-[\w-]{20,}|[srp]k_(?:live|test)_\w{16,}|xox[abeprs]-[\w-]{10,}"
    r"|xapp-\d-[\w-]{10,}|(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}|AIza[\w-]{35}"
    r"|ya29\.[\w-]{20,}|GOCSPX-[\w-]{20,}|npm_[A-Za-z0-9]{36}|pypi-[\w-]{50,}"
    r"|dckr_pat_[\w-]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}"
    r"|do[opr]_v1_[a-f0-9]{64}|dapi[a-f0-9]{32}(?:-\d)?|hv[sb]\.[\w-]{24,}"
    r"|r8_[A-Za-z0-9]{37}|nvapi-[\w-]{40,}|tskey-[\w-]{20,}|PMAK-[\w-]{30,}"
    r"|sntry[su]_[\w+/=-]{20,}|ATATT3[\w=-]{30,}|LTAI[A-Za-z0-9]{12,24}"
    r"|AGE-SECRET-KEY-1[A-Z0-9]{50,}|rubygems_[a-f0-9]{48}|sq0[a-z]{3}-[\w-]{22,}"
    r"|lin_\d+_[\w-]{30,}|sk-or-v1-[\w-]{20,}|gsk_[A-Za-z0-9]{30,}|pplx-[A-Za-z0-9]{30,}"
    r"|xai-[A-Za-z0-9]{30,}|lsv2_(?:pt|sk)_\w{30,}|pcsk_\w{30,}|tvly-[\w-]{30,}"
    r"|ntn_[A-Za-z0-9]{30,}|whsec_[\w+/]{24,}|glptt-[\w-]{20,}|GR1348941[\w-]{20,}"
    r"|glc_[\w+/]{30,}|ATCTT3[\w=-]{30,}|ATBB[A-Za-z0-9]{28,}|lin_api_[A-Za-z0-9]{30,}"
    r"|figd_[\w-]{30,}|pul-[A-Za-z0-9]{40,}|[A-Za-z0-9]{10,20}\.atlasv1\.[\w=-]{40,}"
    r"|pat[A-Za-z0-9]{14}\.[A-Za-z0-9]{40,}|NRAK-[A-Z0-9]{20,}|ops_eyJ[\w=-]{30,}"
    r"|bkua_\w{30,}|tfp_[\w-]{30,}|fo1_[\w-]{30,}|phx_[A-Za-z0-9]{30,}"
    r"|shippo_(?:live|test)_[A-Za-z0-9]{30,}|amzn\.mws\.[\w-]{30,})(?![A-Za-z0-9])"
)
_WEBHOOK: Final = Rule(
    r"(?i)((?:hooks\.slack(?:-gov)?\.com/(?:services|workflows|triggers)"
    r"|discord(?:app)?\.com/api/(?:v\d+/)?webhooks|\.webhook\.office\.com/webhookb2"
    r"|outlook\.office(?:365)?\.com/webhook|hooks\.zapier\.com/hooks/(?:catch|standard)"
    r"|maker\.ifttt\.com/[\w./-]{1,100}?/with/key"
    r"|open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v2/hook"
    r"|chat\.googleapis\.com/v1/spaces/[\w-]+/messages)/|api\.telegram\.org/bot"
    # Mattermost and Rocket.Chat stand on hosts of any name.
    r"|://[^/\s]{1,200}/hooks/(?=[A-Za-z]*\d)(?=[\w/]{16}))[\w@/:-]+"
)


def mask_tokens(text: str) -> str:
    """Return the text with tokens, keys and webhooks masked."""
    if "-----" in text:
        text = _PEM.sub(MASK, text)
    if "eyJ" in text:
        text = _JWT.sub(MASK, text)
    if "." in text:
        text = _WEBHOOK.sub(rf"\1{MASK}", text)
    return _PROVIDERS.sub(MASK, text)


def bearer_value(match: re.Match[str]) -> str:
    """Return a header with its token masked, or a sentence as it is."""
    word, between, value = match.groups()
    if word.lower() == "basic":
        is_secret = between != "=" and _is_basic(value)
    elif word.lower() == "bearer":
        is_name = re.search(r"\.[A-Za-z]\w{0,6}$", value) is not None
        has_both = re.search(r"\d", value) and re.search(r"[A-Za-z]", value)
        is_secret = bool(has_both) and not is_name and "/" not in value[:-1]
    else:
        is_secret = True
    return f"{word}{between}{MASK}" if is_secret else match[0]


def _is_basic(value: str) -> bool:
    """Return whether a word is `user:password` in base64."""
    try:
        return b":" in base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (ValueError, binascii.Error):
        return False
