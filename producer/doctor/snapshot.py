"""What the checks look at: everything that was seen, at one time. It holds no secret."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from producer.operations.store import Store

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from producer.connection import Address
    from producer.doctor.permissions import Role
    from producer.settings import Settings


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The file with the key set.

    Attributes:
        path: where it should be; None if no file is named.
        key_ids: the ids of its keys, the one that seals first.
        others_read: whether every user of this machine may read it.
        problem: why it cannot be used; "" if it can.
    """

    path: Path | None = None
    key_ids: tuple[str, ...] = ()
    others_read: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """A host in the URL.

    Attributes:
        name: as the URL has it.
        addresses: the IP addresses it stands for.
        problem: why there are none; "" if there are.
    """

    name: str
    addresses: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Sentinel:
    """What one Sentinel says.

    Attributes:
        place: its host and port.
        primary: host and port of the primary it knows; "" if it knows none.
        problem: why it told none; "" if it did.
    """

    place: str
    primary: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """What the server answered. None is not known, mostly because the user may not ask.

    Attributes:
        milliseconds: that an answer took.
        store: how the server is set up.
        clock_seconds: by how much the server's clock is ahead of this machine's.
        refused: commands that the user may not send and should.
        counts: elements in the queue, the results and the dead letters, by key; for one of another
            type the code of the error.
        worker_seen: whether a worker of this queue ever said that it is there.
        entry_kid: id of the key of the entry that was submitted last; "" if it is not sealed.
        result_kid: the same of the last result.
        unknown_lanes: how many entries wait in each lane that the settings do not name.
    """

    milliseconds: float = 0.0
    store: Store = field(default_factory=Store)
    clock_seconds: float | None = None
    refused: tuple[str, ...] | None = None
    counts: Mapping[str, int | str] = field(default_factory=dict)
    worker_seen: bool | None = None
    entry_kid: str | None = None
    result_kid: str | None = None
    unknown_lanes: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that was seen.

    Attributes:
        settings: of the environment.
        role: as which part of the system.
        address: where Redis is.
        hosts: in the URL.
        sentinels: in the URL; none if it is no URL of Sentinels.
        keys: the key file.
        problem: why the server did not answer; "" if it did.
        login_problem: why it refused the user; "" if it did not.
        answers: what it answered; None if it did not.
    """

    settings: Settings
    role: Role
    address: Address
    hosts: tuple[Host, ...]
    sentinels: tuple[Sentinel, ...]
    keys: KeyFile
    problem: str = ""
    login_problem: str = ""
    answers: Answers | None = None
