"""Each command from argv to its last line, over real HTTP against the rehearsal server."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from batch_enroll.cli import main
from batch_enroll.core.codes.catalogue import CATALOGUE
from batch_enroll.core.model import WITHDRAWN_KINDS, OutcomeKind

ROSTER = "user_id,course_id,school_id,role\n" + "".join(f"stu-{n},math-7,north,student\n" for n in range(1, 21))
SENT = {
    "run_id", "roster", "environment", "base_url", "started_at", "finished_at", "duration_s", "outcomes", "requests",
    "rows_per_s", "causes", "files", "exit_status",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _own_surroundings(empty_surroundings: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:  # noqa: ARG001 - comes first
    monkeypatch.setenv("BATCH_ENROLL_STATE", str(tmp_path / "state"))
    Path("term.csv").write_text(ROSTER, encoding="utf-8")


def exit_status(*arguments: str) -> object:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    return ended.value.code


def test_run_enrolls_a_roster_and_shows_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status("run", "term.csv", "--env", "sandbox") == 0
    written = capsys.readouterr()
    assert "20 of 20 rows enrolled." in written.out
    assert "results.csv" in written.out
    assert "\x1b" not in written.out + written.err
    assert "rows/s" in written.err


def test_run_with_json_says_one_thing_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status("run", "term.csv", "--env", "sandbox", "--json", "--quiet") == 0
    written = capsys.readouterr()
    summary = json.loads(written.out)
    assert summary.keys() >= SENT
    assert summary["outcomes"] == {
        **{kind.value: 0 for kind in OutcomeKind if kind not in WITHDRAWN_KINDS},
        "enrolled": 20,
    }
    assert summary["exit_status"] == 0
    assert written.err == ""
    path = Path(summary["files"]["results"])
    with path.open(encoding="utf-8", newline="") as file:
        results = list(csv.DictReader(file))
    assert [row["enroll_outcome"] for row in results] == ["enrolled"] * 20
    assert json.loads(path.with_name("summary.json").read_text(encoding="utf-8")) == summary


def test_rows_come_from_stdin_too() -> None:
    command = [sys.executable, "-m", "batch_enroll", "run", "-", "--env", "sandbox", "--json"]
    done = subprocess.run(  # noqa: S603 - this very program
        command, input=ROSTER, capture_output=True, text=True, timeout=60, check=True
    )
    assert json.loads(done.stdout)["outcomes"]["enrolled"] == 20


def test_a_bad_row_never_blocks_a_good_one(capsys: pytest.CaptureFixture[str]) -> None:
    Path("term.csv").write_text(ROSTER + "stu-90,math-7,north,pet\n,math-7,north,student\n", encoding="utf-8")
    assert exit_status("run", "term.csv", "--env", "sandbox") == 1
    report = capsys.readouterr().out
    assert "20 of 22 rows enrolled." in report
    assert "E104 1 row invalid" in report
    assert "term.csv row 22" in report
    assert "Next: fix the rows, then" in report


def test_an_unreadable_roster_ends_with_3(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status("run", "gone.csv", "--env", "sandbox", "--json") == 3
    written = capsys.readouterr()
    assert "gone.csv" in written.err
    assert json.loads(written.out.splitlines()[-1])["exit_status"] == 3


def test_a_dry_run_sends_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status("run", "term.csv", "--env", "production", "--dry-run", "--json") == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["requests"]["sent"] == 0
    assert summary["outcomes"]["not_attempted"] == 20


def test_check_counts_and_reports_problems_without_an_environment(capsys: pytest.CaptureFixture[str]) -> None:
    Path("term.csv").write_text(ROSTER + "stu-90,math-7,north,pet\nstu-1,math-7,north,student\n", encoding="utf-8")
    assert exit_status("check", "term.csv", "--rate", "2") == 1
    report = capsys.readouterr().out
    assert "22 rows; nothing was sent." in report
    assert 'term.csv row 22, role "pet"' in report
    assert "row 23" in report
    assert "A run would take about 10.0 s at 2 requests/s." in report
    assert exit_status("check", "term.csv", "--json") == 1
    assert [problem["row"] for problem in json.loads(capsys.readouterr().out)["problems"]] == [22, 23]


def test_show_shows_the_latest_run_or_the_named_one(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.csv").write_text(ROSTER + "stu-90,math-7,north,pet\n", encoding="utf-8")
    assert exit_status("run", "bad.csv", "--env", "sandbox", "--json") == 1
    first = json.loads(capsys.readouterr().out)
    assert exit_status("run", "term.csv", "--env", "sandbox", "--json") == 0
    second = json.loads(capsys.readouterr().out)
    assert exit_status("show", "--json") == 0
    assert json.loads(capsys.readouterr().out) == second
    assert exit_status("show", first["run_id"], "--json") == 0
    assert json.loads(capsys.readouterr().out) == first
    assert exit_status("show", first["run_id"]) == 0
    assert "E104 1 row invalid" in capsys.readouterr().out


def test_show_without_any_run_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status("show") == 2
    assert capsys.readouterr().err.startswith("error: ")


def test_the_demo_shows_success_and_failure_and_ends_with_0(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TIMEBACK_BASE_URL", "https://api.alpha-1edtech.ai")
    assert exit_status("demo", "--quiet") == 0
    report = capsys.readouterr().out
    for code in ("E102", "E104", "E105", "S101", "E201"):
        assert code in report
    assert "That was the demo" in report
    results = Path(report.splitlines()[-1].removeprefix("Every row has its line in "))
    assert len(results.read_text(encoding="utf-8").splitlines()) == 61
    assert not Path("state").exists()


def test_the_sandbox_leads_another_process_to_it(capsys: pytest.CaptureFixture[str]) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "batch_enroll", "sandbox"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        exported = dict(server.stdout.readline().removeprefix("export ").strip().split("=", 1) for _ in range(5))
        done = subprocess.run(
            [sys.executable, "-m", "batch_enroll", "run", "term.csv", "--json"],
            env={**os.environ, **exported}, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        server.send_signal(signal.SIGINT)
        _, written = server.communicate(timeout=30)
    assert "Traceback" not in written
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["base_url"] == exported["TIMEBACK_API_BASE_URL"]
    assert capsys.readouterr().out == ""


def test_a_code_is_explained_and_all_of_them_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status("explain", "e201") == 0
    written = capsys.readouterr().out
    assert written.startswith("E201 User unknown to the server\noutcome: rejected\n")
    assert "Likely causes\n  - the user was not yet created" in written
    assert "What to do\n  Create or sync the user first" in written
    assert exit_status("explain", "A103") == 0
    assert "What to do" not in capsys.readouterr().out
    assert exit_status("explain") == 0
    listed = capsys.readouterr().out
    assert all(f"  {code}  " in listed for code in CATALOGUE)
    assert exit_status("explain", "--json") == 0
    assert [each["code"] for each in json.loads(capsys.readouterr().out)["codes"]] == list(CATALOGUE)
    assert exit_status("explain", "E201", "--json") == 0
    assert json.loads(capsys.readouterr().out)["outcome"] == "rejected"


@pytest.mark.parametrize(("text", "meant"), [("E20l", "did you mean E201"), ("zebra", "batch-enroll explain lists")])
def test_a_code_that_does_not_exist_ends_with_2(text: str, meant: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status("explain", text) == 2
    assert meant in capsys.readouterr().err


def test_a_run_leaves_a_page_that_is_written_again_by_report(capsys: pytest.CaptureFixture[str]) -> None:
    Path("bad.csv").write_text(ROSTER + "stu-90,math-7,north,pet\n", encoding="utf-8")
    assert exit_status("run", "bad.csv", "--env", "sandbox", "--json") == 1
    summary = json.loads(capsys.readouterr().out)
    left = Path(summary["files"]["report"])
    assert left.stat().st_mode & 0o777 == 0o600
    assert exit_status("report") == 0
    again = Path(f"{summary['run_id']}.html")
    assert capsys.readouterr().err == f"The report is in {again}\n"
    assert again.stat().st_mode & 0o777 == 0o600
    assert again.read_text(encoding="utf-8") == left.read_text(encoding="utf-8")


def test_report_writes_a_run_as_csv_and_json_to_stdout(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert exit_status("run", "term.csv", "--env", "sandbox", "--json") == 0
    summary = json.loads(capfdbinary.readouterr().out)
    assert exit_status("report", summary["run_id"], "--format", "csv") == 0
    assert capfdbinary.readouterr().out == Path(summary["files"]["results"]).read_bytes()
    assert exit_status("report", "--format", "json", "-o", "-") == 0
    whole = json.loads(capfdbinary.readouterr().out)
    assert whole["summary"] == summary
    assert [share["name"] for share in whole["by_course"]] == ["math-7"]
    assert sum(whole["timeline"]["settled"]) == 20


def test_report_refuses_what_it_cannot_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_status("report", "--format", "docx") == 2
    assert "choose one of html" in capsys.readouterr().err
    assert exit_status("run", "term.csv", "--env", "sandbox", "--json") == 0
    assert exit_status("report", "-o", "nowhere/page.html") == 5
    assert "nowhere/page.html cannot be written" in capsys.readouterr().err
