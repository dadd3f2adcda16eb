"""Launching a target: what keeps it from starting is said, and whatever it leaves behind is stopped."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stripe_audit.deployment.launch import process
from stripe_audit.deployment.launch.ports import free_port
from stripe_audit.deployment.launch.process import LaunchedTarget, LaunchSpec, launch_environment
from stripe_audit.errors import LaunchError
from stripe_audit.redaction import Redactor, inert

KEY = "sk_test_51Hqmw9EnylLNWUqjAbCdEfGhJkMnPq4f2a"
SECRET = "hunter2hunter2hunter2"
REDACTOR = Redactor([SECRET])

SERVE = """
import os, socket, sys
s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("127.0.0.1", int(os.environ["PORT"]))); s.listen()
print("ready", flush=True)
while True:
    s.accept()[0].close()
"""
SLEEP = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP
DAEMON = """
import os, pathlib, signal, sys, time
folder = pathlib.Path(os.environ["PIDS"])
def note(name):
    (folder / "new").write_text(str(os.getpid())); (folder / "new").rename(folder / name)
if os.fork() == 0:
    note("child")
    if sys.argv[1] == "stubborn":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    time.sleep(600)
while not (folder / "child").exists():
    time.sleep(0.005)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        if sys.argv[1] == "stubborn":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        note("daemon")
        time.sleep(600)
    os._exit(0)
while not (folder / "daemon").exists():
    time.sleep(0.005)
note("target")
if sys.argv[1] == "leaves":
    sys.exit(3)
time.sleep(600)
"""


def eventually(is_met: Callable[[], Any], within: float = 15) -> Any:
    deadline = time.monotonic() + within
    while not (value := is_met()):
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.005)
    return value


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def python(code: str, *arguments: str) -> list[str]:
    return [sys.executable, "-I", "-S", "-c", code, *arguments]


Launch = Callable[..., LaunchedTarget]


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Makes targets; all of them are stopped at the end."""
    made: list[LaunchedTarget] = []

    def make(command: list[str], **changes: Any) -> LaunchedTarget:
        env = {**launch_environment({}), "PIDS": str(tmp_path), **changes.pop("env", {})}
        if changes.get("port"):
            env["PORT"] = str(changes["port"])
        whole = {"cwd": tmp_path, "output": tmp_path / "out.log", "stop_within": 5.0, "ready_within": 15.0, **changes}
        target = LaunchedTarget(LaunchSpec(command, env=env, **whole), lambda text: inert(REDACTOR.redact(text)))
        made.append(target)
        return target

    yield make
    for target in made:
        target.stop()


def pids(folder: Path) -> dict[str, int]:
    eventually(lambda: (folder / "target").exists())
    return {name: int((folder / name).read_text()) for name in ("child", "daemon", "target")}


def test_a_target_is_started_waited_for_and_stopped(launch: Launch) -> None:
    target = launch(python(SERVE), port=free_port())
    target.start()
    target.wait_ready()
    assert target.is_running
    assert target.ready_after_s is not None
    assert "ready" in target.output()
    pid = target.pid
    assert pid
    assert is_alive(pid)
    target.stop()
    assert not target.is_running
    assert not is_alive(pid)
    assert target.exit_code == -signal.SIGTERM
    target.stop()


def test_readiness_is_what_the_caller_says(launch: Launch) -> None:
    answers = iter([False, False, True])
    target = launch(python(SLEEP))
    target.start()
    target.wait_ready(lambda: next(answers))
    assert next(answers, None) is None


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["/no/such/program"], "/no/such/program"),
        (["no-such-program-anywhere", "x"], "no-such-program-anywhere"),
        (["/"], "/"),
        (["a\0b"], "null"),
        ([], ""),
        ([""], ""),
        ([f"/no/{KEY}"], "sk_test_…4f2a"),
        (["/no/\x1b[2J"], "␛"),
    ],
    ids=map(str, range(8)),
)
def test_a_command_that_cannot_be_run_is_said(launch: Launch, command: list[str], told: str) -> None:
    began = time.monotonic()
    with pytest.raises(LaunchError, match="cannot be run") as caught:
        launch(command).start()
    assert told in caught.value.message
    assert KEY not in caught.value.message
    assert "\x1b" not in caught.value.message
    assert caught.value.hint == "target.launch.command"
    assert caught.value.exit_code == 3
    assert time.monotonic() - began < 8


def test_a_missing_folder_is_said_by_its_own_name(launch: Launch, tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="no-folder"):
        launch(python(SLEEP), cwd=tmp_path / "no-folder").start()
    with pytest.raises(LaunchError, match="no-place"):
        launch(python(SLEEP), output=tmp_path / "no-place" / "out.log").start()


def test_a_program_that_may_not_be_run_is_said(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "script").write_text("#!/bin/sh\n")
    with pytest.raises(LaunchError, match="Permission denied"):
        launch([str(tmp_path / "script")]).start()


def test_of_a_target_that_dies_the_last_output_is_shown_without_secrets(launch: Launch) -> None:
    code = f"import sys; print('loading'); print('key {KEY} and {SECRET} \\x1b[31m', file=sys.stderr); sys.exit(7)"
    target = launch(python(code), port=free_port())
    target.start()
    with pytest.raises(LaunchError, match="exited with code 7 before it was ready") as caught:
        target.wait_ready()
    assert "loading" in caught.value.output
    assert "sk_test_…4f2a" in caught.value.output
    assert caught.value.output in str(caught.value.hint)
    for hidden in (KEY, SECRET, "\x1b"):
        assert hidden not in caught.value.output
        assert hidden not in str(caught.value.hint)
    assert target.exit_code == 7
    assert not target.is_running


def test_a_secret_on_the_edge_of_what_is_shown_is_not_shown_in_part(launch: Launch) -> None:
    code = f"import sys; print('x' * 3000 + '{KEY}' + 'y' * int(sys.argv[1]))"
    for after in (3960, 3975, 3990):
        target = launch(python(code, str(after)))
        target.start()
        assert target.wait_exited(15)
        with pytest.raises(LaunchError) as caught:
            target.wait_ready()
        assert KEY[12:24] not in caught.value.output
        target.spec.output.unlink()


def test_a_target_that_dies_silently_is_said_too(launch: Launch) -> None:
    target = launch(python("import os; os.abort()"))
    target.start()
    with pytest.raises(LaunchError, match=f"code -{int(signal.SIGABRT)}") as caught:
        target.wait_ready(lambda: False)
    assert "printed nothing" in str(caught.value.hint)


def test_a_target_that_never_listens_is_given_up(launch: Launch) -> None:
    port = free_port()
    target = launch(python(SLEEP), port=port, ready_within=0.3)
    target.start()
    with pytest.raises(LaunchError, match=f"not listening on port {port} within 0.3 s") as caught:
        target.wait_ready()
    assert caught.value.output == "up"


def test_a_target_that_never_becomes_healthy_is_given_up(launch: Launch) -> None:
    target = launch(python(SERVE), port=free_port(), ready_within=0.6)
    target.start()
    eventually(lambda: "ready" in target.output())
    with pytest.raises(LaunchError, match=r"not healthy within 0\.6 s"):
        target.wait_ready(lambda: False)


def test_a_port_in_use_names_its_owner_and_nothing_is_started(launch: Launch) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        target = launch(python(SERVE), port=port)
        with pytest.raises(LaunchError, match=f"port {port} is already in use") as caught:
            target.start()
    assert f"(process {os.getpid()})" in caught.value.message
    assert "target.url" in str(caught.value.hint)
    assert target.pid is None


def test_a_port_that_another_program_holds_names_it_without_its_secrets(launch: Launch) -> None:
    first = launch(python(f"# {KEY} \x1b[31m {SECRET}\n{SERVE}"), port=free_port())
    first.start()
    first.wait_ready()
    with pytest.raises(LaunchError) as caught:
        launch(python(SERVE), port=first.spec.port).start()
    assert f"(process {first.pid})" in caught.value.message
    assert Path(sys.executable).name in caught.value.message
    for hidden in (KEY, SECRET, "\x1b"):
        assert hidden not in caught.value.message


def test_stopping_stops_children_and_daemons(launch: Launch, tmp_path: Path) -> None:
    target = launch(python(DAEMON, "calm"))
    target.start()
    found = pids(tmp_path)
    assert all(is_alive(pid) for pid in found.values())
    assert os.getpgid(found["daemon"]) != target.pid
    began = time.monotonic()
    target.stop()
    assert time.monotonic() - began < 3  # whoever left the group was asked as well, and not waited for
    assert not any(is_alive(pid) for pid in found.values())


def test_stopping_stops_what_a_dead_target_left_behind(launch: Launch, tmp_path: Path) -> None:
    target = launch(python(DAEMON, "leaves"))
    target.start()
    found = pids(tmp_path)
    assert target.wait_exited(15)
    assert target.exit_code == 3
    assert is_alive(found["daemon"])
    target.stop()
    assert not any(is_alive(pid) for pid in found.values())
    assert target.exit_code == 3


def test_what_ignores_sigterm_is_killed_after_a_while(launch: Launch, tmp_path: Path) -> None:
    target = launch(python(STUBBORN), stop_within=0.4)
    target.start()
    eventually(lambda: "up" in target.output())
    began = time.monotonic()
    target.stop()
    assert 0.4 <= time.monotonic() - began < 4
    assert target.exit_code == -signal.SIGKILL

    target = launch(python(DAEMON, "stubborn"), stop_within=0.3)
    target.start()
    found = pids(tmp_path)
    target.stop()
    assert not any(is_alive(pid) for pid in found.values())


def test_a_target_gets_time_to_end_by_itself(launch: Launch) -> None:
    code = "import signal, sys, time\ndef end(*_): print('bye', flush=True); sys.exit(0)\n"
    code += "signal.signal(signal.SIGTERM, end)\n"
    target = launch(python(code + SLEEP))
    target.start()
    eventually(lambda: "up" in target.output())
    target.stop()
    assert target.output().splitlines() == ["up", "bye"]
    assert target.exit_code == 0


def test_a_restart_gives_a_new_process_with_the_same_environment(launch: Launch) -> None:
    target = launch(python(SERVE.replace('"ready"', 'os.environ["MARK"]')), port=free_port(), env={"MARK": "same"})
    target.start()
    target.wait_ready()
    seen = {target.pid}
    for _ in range(3):
        target.restart()
        assert target.is_running
        assert target.exit_code is None
        seen.add(target.pid)
    assert len(seen) == 4
    assert target.output().split() == ["same"] * 4


def test_a_killed_target_is_noticed_and_can_be_started_again(launch: Launch) -> None:
    target = launch(python(SERVE), port=free_port())
    target.start()
    target.wait_ready()
    target.kill()
    assert target.wait_exited(15)
    assert target.exit_code == -signal.SIGKILL
    assert not target.is_running
    target.restart()
    assert target.is_running


def test_starting_twice_leaves_one_process(launch: Launch) -> None:
    target = launch(python(SLEEP))
    target.start()
    first = target.pid
    target.start()
    assert first
    assert not is_alive(first)
    assert target.is_running


def test_the_end_of_one_process_is_not_taken_for_the_end_of_the_next(
    launch: Launch, monkeypatch: pytest.MonkeyPatch
) -> None:
    class SlowlyHeard:
        dumps = staticmethod(json.dumps)

        @staticmethod
        def loads(line: bytes) -> Any:
            if b"exited" in line:
                time.sleep(0.3)
            return json.loads(line)

    monkeypatch.setattr(process, "json", SlowlyHeard)
    target = launch(python(SLEEP))
    target.start()
    target.stop()
    target.start()
    assert not target.wait_exited(0.5)
    assert target.is_running


def test_what_is_not_running_cannot_be_signalled(launch: Launch) -> None:
    target = launch(python(SLEEP))
    with pytest.raises(LaunchError, match="not running"):
        target.kill()
    target.start()
    target.stop()
    with pytest.raises(LaunchError, match="not running"):
        target.kill()
    assert not target.wait_exited(0) or target.exit_code is not None


def test_stopping_from_many_threads_at_once_is_one_stop(launch: Launch) -> None:
    target = launch(python(SLEEP))
    target.start()
    pid = target.pid
    assert pid
    threads = [threading.Thread(target=target.stop) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not is_alive(pid)


def test_the_end_of_the_supervisor_is_the_end_of_the_target(launch: Launch) -> None:
    target = launch(python(SLEEP))
    target.start()
    pid, supervisor = target.pid, target._supervisor
    assert pid
    assert supervisor
    supervisor.kill()
    assert target.wait_exited(15)
    eventually(lambda: not is_alive(pid))
    assert not target.is_running
    with pytest.raises(LaunchError):
        target.wait_ready(lambda: False)


def test_output_is_read_up_to_a_bound(launch: Launch) -> None:
    target = launch(python("import sys; sys.stdout.buffer.write(b'\\xff' + b'x' * 3_000_000 + b'end')"))
    target.start()
    assert target.wait_exited(15)
    assert len(target.output()) == 1024 * 1024
    assert target.output().endswith("end")
    target.spec.output.unlink()
    assert target.output() == ""


def test_the_target_s_input_is_empty(launch: Launch) -> None:
    target = launch(python("import sys; print(repr(sys.stdin.read()))"))
    target.start()
    assert target.wait_exited(15)
    assert target.output().strip() == "''"


def test_a_large_environment_of_any_bytes_gets_through(launch: Launch) -> None:
    env = {"BIG": "x" * 100_000, "ODD": "a\nb\udcff=é"}
    code = "import os; print(len(os.environ['BIG']), os.environb[b'ODD'], 'STRIPE_KEY' in os.environ)"
    target = launch(python(code), env=env)
    target.start()
    assert target.wait_exited(15)
    assert target.output().strip() == r"100000 b'a\nb\xff=\xc3\xa9' False"


def test_the_caller_s_keys_and_proxies_do_not_reach_the_target() -> None:
    inherited = {
        "PATH": "/bin",
        "HOME": "/home/x",
        "STRIPE_SECRET_KEY": "x",
        "stripe_key": "x",
        "VITE_STRIPE_KEY": "x",
        "PAYMENT_KEY": "sk_live_51Hqmw9EnylLNWUqjAbCdEfGhJkMnPq4f2a",
        "QUOTED": ' "rk_live_51Hqmw9EnylLNWUqjAbCdEfGhJkMnPq4f2a" ',
        "HOOK": "whsec_51Hqmw9EnylLNWUqjAbCdEfGhJkMnPq4f2a",
        "FRONT": "pk_live_51Hqmw9EnylLNWUqjAbCdEfGhJkMnPq4f2a",
        "HTTP_PROXY": "http://p",
        "https_proxy": "http://p",
        "All_Proxy": "http://p",
        "no_proxy": "corp.example",
        "LANG": "C",
    }
    made = launch_environment({"STRIPE_SECRET_KEY": "sk_test_x", "LANG": "de"}, inherited)
    assert made == {
        "PATH": "/bin",
        "HOME": "/home/x",
        "no_proxy": "corp.example",
        "NO_PROXY": "127.0.0.1,localhost,::1",
        "PYTHONUNBUFFERED": "1",
        "STRIPE_SECRET_KEY": "sk_test_x",
        "LANG": "de",
    }


def test_the_caller_s_own_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_VARIABLE", "1")
    monkeypatch.setenv("STRIPE_SOMETHING", "1")
    made = launch_environment({})
    assert made["SOME_VARIABLE"] == "1"
    assert "STRIPE_SOMETHING" not in made


def test_the_environment_is_in_no_repr(tmp_path: Path) -> None:
    assert SECRET not in repr(LaunchSpec([], tmp_path, {"K": SECRET}, tmp_path / "o"))


AUDIT = """
import sys, time
from pathlib import Path
from stripe_audit.deployment.launch.process import LaunchedTarget, LaunchSpec, launch_environment
folder, code, kind = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
command = [sys.executable, "-I", "-S", "-c", code, kind]
env = {**launch_environment({}), "PIDS": str(folder)}
scratch = (folder / "scratch",)
target = LaunchedTarget(LaunchSpec(command, folder, env, folder / "out.log", scratch=scratch, stop_within=0.3))
target.start()
print(target._supervisor.pid, flush=True)
if sys.argv[4] == "orderly":
    sys.stdin.read()
    target.stop()
else:
    time.sleep(600)
"""


@pytest.mark.parametrize(("number", "kind"), [(signal.SIGKILL, "stubborn"), (signal.SIGTERM, "calm")])
def test_when_the_audit_is_killed_nothing_is_left(tmp_path: Path, number: int, kind: str) -> None:
    (tmp_path / "scratch" / "deep").mkdir(parents=True)
    (tmp_path / "scratch" / "deep" / "keys").write_text(SECRET)
    audit = subprocess.Popen(
        [sys.executable, "-c", AUDIT, str(tmp_path), DAEMON, kind, "abrupt"], stdout=subprocess.PIPE, text=True
    )
    with audit:
        assert audit.stdout
        supervisor = int(audit.stdout.readline())
        found = {**pids(tmp_path), "supervisor": supervisor}
        assert all(is_alive(pid) for pid in found.values())
        audit.send_signal(number)
        audit.wait(15)
    eventually(lambda: not any(is_alive(pid) for pid in found.values()))
    eventually(lambda: not (tmp_path / "scratch").exists())


def test_after_an_orderly_end_scratch_is_the_audit_s_to_remove(tmp_path: Path) -> None:
    (tmp_path / "scratch").mkdir()
    audit = subprocess.Popen(
        [sys.executable, "-c", AUDIT, str(tmp_path), DAEMON, "calm", "orderly"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    found = pids(tmp_path)
    assert audit.communicate("", timeout=15)
    assert audit.returncode == 0
    assert not any(is_alive(pid) for pid in found.values())
    assert (tmp_path / "scratch").exists()


def test_a_signal_to_the_terminal_does_not_reach_the_target_first(launch: Launch) -> None:
    target = launch(python(SLEEP))
    target.start()
    pid, supervisor = target.pid, target._supervisor
    assert pid
    assert supervisor
    assert len({os.getsid(0), os.getsid(supervisor.pid)}) == 2
    assert os.getpgid(pid) == pid
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(supervisor.pid, number)
    target.kill(signal.SIGUSR1)
    assert target.wait_exited(15)
    assert target.exit_code == -signal.SIGUSR1  # told by the supervisor, which has outlived them
    assert supervisor.poll() is None


def test_what_a_running_target_leaves_behind_is_buried(launch: Launch) -> None:
    code = """
import os, time
for _ in range(20):
    if os.fork() == 0:
        if os.fork() == 0:
            time.sleep(0.01)
        os._exit(0)
    os.wait()
print('up', flush=True); time.sleep(600)
"""
    target = launch(python(code))
    target.start()
    eventually(lambda: "up" in target.output())
    supervisor = target._supervisor
    assert supervisor
    children = Path(f"/proc/{supervisor.pid}/task/{supervisor.pid}/children")
    eventually(lambda: children.read_text().split() == [str(target.pid)])
    assert target.is_running
