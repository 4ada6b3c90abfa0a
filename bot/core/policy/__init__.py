"""Decide by the policy: who decides on which proposal, how many must, and what is decided without a person.

Pure: memberships, decisions and sums are passed in. The rules come from "Rules that cut across" of the playbooks.
"""

from bot.core.policy.automatic import Known, Unattended, automatic
from bot.core.policy.bands import ADMINS, DAY, Limit, Spent, band_for, bands_of, groups_of, limits_passed, payout_of
from bot.core.policy.judgement import (
    Judgement,
    People,
    PolicyAction,
    Question,
    Standing,
    deciding_band,
    judge,
    question_of,
    somebody_can_go_on,
    standing,
    standing_of,
)
from bot.core.policy.model import Band, Digest, KindRules, Policy, Region, is_vip

__all__ = [
    "ADMINS",
    "DAY",
    "Band",
    "Digest",
    "Judgement",
    "KindRules",
    "Known",
    "Limit",
    "People",
    "Policy",
    "PolicyAction",
    "Question",
    "Region",
    "Spent",
    "Standing",
    "Unattended",
    "automatic",
    "band_for",
    "bands_of",
    "deciding_band",
    "groups_of",
    "is_vip",
    "judge",
    "limits_passed",
    "payout_of",
    "question_of",
    "somebody_can_go_on",
    "standing",
    "standing_of",
]
