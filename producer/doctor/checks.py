"""The checks, each of which looks at a snapshot and says what it finds and what to do."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING

from producer.doctor import lying_there
from producer.findings import Finding, failed, ok, skipped, warning
from producer.operations.store import check_store

if TYPE_CHECKING:
    from collections.abc import Callable

    from producer.doctor.snapshot import Answers, Snapshot
    from producer.errors import ConfigurationError

#: Less does no harm: ages and waiting times are told in seconds.
MOST_CLOCK_SECONDS = 2.0
_NO_TLS_REMEDY = "If the server speaks no TLS, begin JOURNAL_REDIS_URL with redis://."
#: What to do about each cause of an error; the first that the error names counts.
_REMEDIES = {
    "refused": "Start Redis there, or set JOURNAL_REDIS_URL to where it is.",
    "name not found": "Correct the host in JOURNAL_REDIS_URL.",
    "TLS failed": "Name the certificate authority's file with ?ssl_ca_certs=FILE in "
    f"JOURNAL_REDIS_URL. {_NO_TLS_REMEDY}",
    "connection closed": "If the server speaks TLS, begin JOURNAL_REDIS_URL with rediss://; if it "
    "is in protected mode, give it users or a password.",
    "timed out": "The server hangs, or something between drops the packets: look at its log, its "
    "load and the firewall.",
    "LOADING": "Wait until it has read its data.",
    "Sentinel": "See the check of the Sentinels.",
}
_ANY_REMEDY = "Look at the server's log and at JOURNAL_REDIS_URL."
_ACL_REMEDY = (
    "Give the user the permissions of deploy/redis/users.acl.template "
    "(deploy/redis/make_acl.py writes the file)."
)


def check_all(snapshot: Snapshot) -> list[Finding]:
    """What every check finds. What only the server could answer is one line if it does not."""
    findings = [check(snapshot) for check in CHECKS]
    if snapshot.address.master is not None:
        findings.insert(1, sentinels(snapshot))
    answers = snapshot.answers
    if answers is None:
        return [*findings, skipped("server", "Nothing else can be asked until it answers.")]
    findings += check_store(answers.store)
    return findings + [check(snapshot, answers) for check in ANSWER_CHECKS]


def unusable_settings(error: ConfigurationError) -> Finding:
    """What there is to say if the settings cannot be read, and nothing else can be looked at."""
    return failed("settings", f"{error}.", "Correct it in the environment or in .env.")


def keys_file(snapshot: Snapshot) -> Finding:
    """Whether there is a key file that this user, and not everyone, may read."""
    keys, name = snapshot.keys, "keys_file"
    if not snapshot.role.has_keys:
        return skipped(name, f"As {snapshot.role} nothing is sealed or opened.")
    if keys.path is None:
        remedy = "`journal keys new --file keys.json` makes one; export JOURNAL_KEYS_FILE=keys.json"
        return failed(name, keys.problem, f"{remedy}, the same file for producers and workers.")
    if keys.problem:
        remedy = "Correct JOURNAL_KEYS_FILE, or copy the file from where the other parts have it."
        return failed(name, keys.problem, remedy)
    count = len(keys.key_ids)
    text = f"{keys.path}: {count} key{'' if count == 1 else 's'}, {keys.key_ids[0]} seals."
    if keys.others_read:
        return warning(
            name, f"{text} Every user of this machine may read it.", f"`chmod o-r {keys.path}`"
        )
    return ok(name, text)


def name_look_up(snapshot: Snapshot) -> Finding:
    """Whether every host in the URL has an address."""
    unknown = [host for host in snapshot.hosts if host.problem]
    if unknown:
        return failed(
            "name_look_up",
            f"{'; '.join(f'{host.name}: {host.problem}' for host in unknown)}.",
            "Correct the host in JOURNAL_REDIS_URL, or look at this machine's name server.",
        )
    found = [f"{host.name} is {', '.join(host.addresses)}" for host in snapshot.hosts]
    return ok("name_look_up", f"{'; '.join(found)}.")


def sentinels(snapshot: Snapshot) -> Finding:
    """Whether every Sentinel answers, and all name the same primary."""
    name, found = "sentinels", snapshot.sentinels
    primaries = sorted({sentinel.primary for sentinel in found if sentinel.primary})
    silent = [f"{sentinel.place}: {sentinel.problem}" for sentinel in found if sentinel.problem]
    if not primaries:
        return failed(
            name,
            f"{'; '.join(silent)}.",
            "Correct the Sentinels, their login (?sentinel_password=) or the master's name in "
            "JOURNAL_REDIS_URL.",
        )
    if len(primaries) > 1:
        return warning(
            name,
            f"The Sentinels name different primaries: {', '.join(primaries)}.",
            "Wait for the failover to end; if it does not, look at the Sentinels' logs.",
        )
    if silent:
        remedy = "Start the missing Sentinels: without a majority there is no failover."
        return warning(name, f"{'; '.join(silent)}.", remedy)
    return ok(name, f"All {len(found)} name {primaries[0]} as the primary.")


def connection(snapshot: Snapshot) -> Finding:
    """Whether the server answers."""
    where = str(snapshot.address)
    if snapshot.problem:
        cause = next(
            (does for word, does in _REMEDIES.items() if word in snapshot.problem), _ANY_REMEDY
        )
        return failed("connection", f"{snapshot.problem}.", cause)
    if snapshot.answers is None:
        return ok("connection", f"{where} answers.")
    return ok("connection", f"{where} answers in {snapshot.answers.milliseconds:.1f} ms.")


def login(snapshot: Snapshot) -> Finding:
    """Whether the server takes the user name and the password."""
    if snapshot.login_problem:
        return failed(
            "login",
            f"{snapshot.login_problem}.",
            "Correct user and password in JOURNAL_REDIS_URL (redis://user:password@host:port/0); "
            "write characters such as @ / : # as %40 %2F %3A %23.",
        )
    if snapshot.answers is None:
        return skipped("login", "The server does not answer.")
    given = snapshot.address.password is not None
    return ok("login", "User and password are accepted." if given else "None is asked for.")


def encryption(snapshot: Snapshot) -> Finding:
    """Whether what leaves a private network is encrypted."""
    if snapshot.address.tls:
        return ok("encryption", "The connection uses TLS, and certificates are verified.")
    public = [
        host.name
        for host in snapshot.hosts
        if any(not ipaddress.ip_address(text.split("%")[0]).is_private for text in host.addresses)
    ]
    if public:
        return warning(
            "encryption",
            f"{', '.join(public)} is reached by a public address without TLS: entries are sealed, "
            "but passwords and entry ids can be read.",
            "Begin JOURNAL_REDIS_URL with rediss://.",
        )
    return ok("encryption", "No TLS, within this machine or a private network.")


def names(snapshot: Snapshot) -> Finding:
    """Whether queue, results and dead letters have names of their own."""
    clash = lying_there.same_names(snapshot.settings)
    if clash:
        return failed(
            "names",
            f"{clash} is the name of two things.",
            "Give JOURNAL_QUEUE, JOURNAL_RESULTS and JOURNAL_DEAD different names.",
        )
    settings = snapshot.settings
    return ok("names", f"{settings.queue}, {settings.results}, {settings.dead}.")


def permissions(snapshot: Snapshot, answers: Answers) -> Finding:
    """Whether the user may send what its part of the system needs."""
    if answers.refused is None:
        return skipped("permissions", "The server cannot be asked what this user may send.")
    if answers.refused:
        shown = ", ".join(sorted({_shown(command) for command in answers.refused}))
        text = f"The user may not send what a {snapshot.role} needs: {shown}."
        return failed("permissions", text, _ACL_REMEDY)
    return ok("permissions", f"The user may send what a {snapshot.role} needs.")


def clock(snapshot: Snapshot, answers: Answers) -> Finding:
    """Whether this machine and the server agree on the time."""
    del snapshot
    ahead = answers.clock_seconds
    if ahead is None:
        return skipped("clock", "The user may not ask for the time (TIME).")
    if abs(ahead) > MOST_CLOCK_SECONDS:
        return warning(
            "clock",
            f"The server's clock is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} "
            "this machine's: waiting times are told wrongly by as much.",
            "Let NTP (chrony, systemd-timesyncd) set the clocks of both.",
        )
    return ok("clock", f"The server's clock differs by {abs(ahead) * 1000:.0f} ms.")


def _shown(command: str) -> str:
    """A command with its first key, without a script's source and what stands for a value."""
    words = [word for word in command.split(" ") if word and word != "-"]
    return " ".join(word for word in words[:3] if not word.isdigit())


CHECKS: tuple[Callable[[Snapshot], Finding], ...] = (
    name_look_up,
    connection,
    login,
    encryption,
    keys_file,
    names,
)
#: Those that need a server that answers.
ANSWER_CHECKS: tuple[Callable[[Snapshot, Answers], Finding], ...] = (
    permissions,
    clock,
    lying_there.key_types,
    lying_there.workers,
    lying_there.lanes,
    lying_there.entry_key,
    lying_there.result_key,
)
