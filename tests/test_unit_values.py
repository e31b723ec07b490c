"""Values that systemd and supervisord do not take."""

import pytest

from serveaudit.configured import unit_values
from serveaudit.serving import Setting
from serveaudit.source import SourceFile
from serveaudit.tables import facts
from serveaudit.values import Place, Value


def setting(manager: str, line: str) -> Setting:
    """The key of one line."""
    source = SourceFile("unit", line)
    name, _, text = line.partition("=")
    span = source.span(len(name) + 1, len(line))
    return Setting(name, Value(text, (Place(span),)), "written", Place(span), row=facts(manager).row(name), literal=span)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Type=notfy", "notfy is no value of Type, did you mean notify?: systemd skips the line"),
        ("Restart=unless-stopped", "unless-stopped is no value of Restart: systemd skips the line"),
        (
            "KillMode=mix",
            "mix is no value of KillMode, did you mean mixed?: systemd skips the line, KillMode stays control-group",
        ),
        ("KillSignal=SIQUIT", "SIQUIT is no signal: systemd skips the line, KillSignal stays SIGTERM"),
        ("PrivateTmp=maybe", "maybe is no value of PrivateTmp: systemd skips the line"),
        ("NoNewPrivileges=ture", "ture is no word for yes or no: systemd skips the line"),
        ("TimeoutStopSec=30secs", "30secs is no time: systemd skips the line"),
        ("TimeoutStopSec=never", "never is no time: systemd skips the line"),
        ("LimitNOFILE=unlimited", "unlimited is no value of LimitNOFILE: systemd skips the line"),
        ("UMask=u+rw", "u+rw is no octal mode: systemd skips the line"),
    ],
)
def test_systemd_skips_what_it_does_not_know(line: str, said: str) -> None:
    assert unit_values.skipped(setting("systemd", line), "systemd").x == said


@pytest.mark.parametrize(
    "line",
    [
        "Type=notify-reload",
        "Restart=on-abnormal",
        "KillSignal=3",
        "KillSignal=SIGRTMIN+3",
        "PrivateTmp=disconnected",
        "PrivateTmp=YES",
        "NoNewPrivileges=on",
        "TimeoutStopSec=infinity",
        "TimeoutStopSec=2 min 3s",
        "RestartSec=500ms",
        "LimitNOFILE=1024:65536",
        "MemoryMax=infinity",
        "CPUQuota=20%",
        "StandardOutput=append:/var/log/shop.log",
        "StandardError=syslog",
        "UMask=0027",
        "Personality=arm64",
        "User=shop",
        "NoSuchKey=x",
    ],
)
def test_systemd_takes_the_others(line: str) -> None:
    assert unit_values.skipped(setting("systemd", line), "systemd").x is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("autorestart=maybe", "maybe is no value of autorestart, and supervisord does not start"),
        (
            "autorestart=unexpectd",
            "unexpectd is no value of autorestart, did you mean unexpected?, and supervisord does not start",
        ),
        ("autostart=ja", "ja is no word for yes or no, and supervisord does not start"),
        ("stopsignal=SIGQIT", "SIGQIT is no signal, and supervisord does not start"),
        ("startsecs=5s", "5s is no value of startsecs, and supervisord does not start"),
        ("stdout_logfile_maxbytes=50M", "50M is no value of stdout_logfile_maxbytes, and supervisord does not start"),
        ("umask=0990", "0990 is no octal mode, and supervisord does not start"),
    ],
)
def test_supervisord_does_not_start_with_what_it_cannot_read(line: str, said: str) -> None:
    assert unit_values.refused(setting("supervisor", line), "supervisor").x == said


@pytest.mark.parametrize(
    "line", ["autorestart=FALSE", "autostart=1", "stopsignal=INT", "startsecs=-1", "stdout_logfile_maxbytes=50MB", "umask=022"]
)
def test_supervisord_takes_the_others(line: str) -> None:
    assert unit_values.refused(setting("supervisor", line), "supervisor").x is None
