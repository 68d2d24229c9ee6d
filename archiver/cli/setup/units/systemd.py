r"""A systemd service and its timer, as systemd.exec(5) and systemd.timer(5) have them. Pure.

The service may write where a run writes and nowhere else, and has no rights that a run doesn't
need. What may stand in a word of a unit is in systemd.syntax(7).

>>> quoted('/srv/50% "off"')
'"/srv/50%% \\"off\\""'
"""

import re

from archiver.app.setup.schedule import SPREAD_MINUTES, Job
from archiver.cli.setup.units.refusal import refuse
from archiver.errors import ExitCode, UsageError

_PLAIN = re.compile(r"[A-Za-z0-9/_.:=@+-]+")
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,30}|[0-9]{1,9}")
SERVICE = """\
# /etc/systemd/system/{name}.service
[Unit]
Description=Archive call recordings that are due
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=6h
StartLimitBurst=4

[Service]
Type=exec
User={user}
ExecStart={command}
# Stopped by something outside: three more tries, then the next night.
RestartForceExitStatus={stopped}
RestartSec=30min
# A worker process that is killed for want of memory doesn't end the run.
OOMPolicy=continue
Nice=10
UMask=0077

{writable}ProtectSystem=strict
# The program, the settings or the token may lie in somebody's home.
ProtectHome=read-only
PrivateTmp=yes
PrivateDevices=yes
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
LockPersonality=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
"""
TIMER = """\
# /etc/systemd/system/{name}.timer
[Unit]
Description=Archive call recordings every night

[Timer]
OnCalendar=*-*-* {at:%H:%M}:00
RandomizedDelaySec={spread}min
# A night that was missed is made up for as soon as the machine is back.
Persistent=true

[Install]
WantedBy=timers.target
"""
STATE = "StateDirectory=archiver\nStateDirectoryMode=0700\nEnvironment=XDG_STATE_HOME=%S\n"
"""What a bucket's run keeps on this machine lies in a folder that systemd makes for it."""


def units(job: Job, user: str) -> str:
    """Return both files, each under a comment with its name.

    ``user`` is who runs it, by name or number. Raises :class:`UsageError` for what can't be one,
    and for a program whose name systemd doesn't take.
    """
    refuse(str(job.program), "'\"\\", "the name of a systemd program")
    if not _USER.fullmatch(user):
        raise UsageError("--user must be a user's name or number.")
    # The colon turns off $VARIABLES, so that a dollar is a dollar in every word.
    words = (f":{job.program}", *job.pull())
    writable = "".join(f"ReadWritePaths={quoted(place)}\n" for place in job.writes)
    service = SERVICE.format(
        name=job.name,
        user=user,
        command=" ".join(map(quoted, words)),
        stopped=int(ExitCode.STOPPED),
        writable=writable if job.folder else STATE + writable,
    )
    timer = TIMER.format(name=job.name, at=job.at, spread=SPREAD_MINUTES)
    return f"{service}\n{timer}"


def quoted(word: str) -> str:
    """Return one word of a unit that stands for ``word``, whatever is in it."""
    escaped = word.replace("\\", r"\\").replace('"', r"\"").replace("%", "%%")
    return escaped if _PLAIN.fullmatch(word) else f'"{escaped}"'
