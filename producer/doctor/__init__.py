"""What a newcomer gets wrong: everything is gathered once, then each check looks at it.

settings ──▶ gather ──▶ Snapshot ──▶ a finding of each check ──▶ report
"""

from producer.doctor.checks import check_all
from producer.doctor.gathering import gather
from producer.doctor.permissions import Role

__all__ = ["Role", "check_all", "gather"]
