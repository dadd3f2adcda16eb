"""Loading checks from folders, ordering them, choosing among them."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path

import pytest

from stripe_audit.catalog import Catalog, LoadedCheck, Selection, builtin_folder, load_catalog
from stripe_audit.errors import CatalogError, UsageError
from stripe_audit.phases import phase_of
from tests.engine import fakes
from tests.engine.fakes import make

SOURCE = '''
from stripe_audit import Check, Effect, Severity


class {name}(Check):
    """A property holds.

    What it checks:
        Something.

    Why it matters:
        Because.

    How to fix:
        Do it.
    """

    id = "{id}"
    task = "{task}"
    severity = Severity.LOW
    effect = Effect.NONE
    {more}

    async def run(self, ctx):
        return
        yield
'''


def source(identity: str, task: str, more: str = "") -> str:
    return SOURCE.format(name=identity.title().replace("-", ""), id=identity, task=task, more=more)


@pytest.fixture
def folder(tmp_path):
    """Writes files into a folder of checks."""

    def write(files):
        for name, text in files.items():
            path = tmp_path / "checks" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return tmp_path / "checks"

    return write


def load(*folders: Path, **options) -> Catalog:
    return load_catalog(checks_dirs=folders, has_builtin=False, **options)


def told(*folders: Path, **options) -> str:
    with pytest.raises(CatalogError) as caught:
        load(*folders, **options)
    assert caught.value.hint and caught.value.exit_code == 2
    return caught.value.message


def test_checks_are_loaded_by_path_and_registered_under_their_names(folder):
    root = folder({"webhooks/a_check.py": source("a-check", "2.2") + "\nclass Other:\n    pass\n"})
    catalog = load(root)
    assert list(catalog) == ["a-check"] and len(catalog) == 1 and "a-check" in catalog and "b-check" not in catalog
    check = catalog["a-check"]
    assert catalog.path("a-check") == root / "webhooks/a_check.py"
    assert check.__module__ == "stripe_audit._checks.a_check"
    assert isinstance(pickle.loads(pickle.dumps(check())), check)
    facts = catalog.facts("a-check")
    assert (facts.id, facts.task, facts.title, facts.effect) == ("a-check", "2.2", "A property holds", "none")
    assert (facts.what, facts.why, facts.fix) == ("Something.", "Because.", "Do it.")


def test_a_relative_folder_is_as_good(folder, monkeypatch):
    root = folder({"webhooks/a_check.py": "1 / 0"})
    monkeypatch.chdir(root.parent)
    assert f"{root}/webhooks/a_check.py:1: ZeroDivisionError" in told(Path("checks"))


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("webhooks/a_check.py", "\n\nimport nothing_of_that_name\n", ":3: ModuleNotFoundError: No module named"),
        ("webhooks/a_check.py", "from stripe_audit import Chekc\n", ":1: ImportError: cannot import name 'Chekc'"),
        ("webhooks/a_check.py", "x = 1\ndef broken(:\n", ":2: invalid syntax"),
        ("webhooks/a_check.py", b"x = '\xff\xfe'\n", "a_check.py:1: "),
        ("webhooks/a_check.py", b"x = 1\0\n", "a_check.py:1: "),
        ("webhooks/a_check.py", "import sys\nsys.exit(0)\n", ":2: SystemExit: 0"),
        ("webhooks/a_check.py", "\nraise ValueError('no')\n", ":2: ValueError: no"),
        ("webhooks/a_check.py", "", "a_check.py: defines 0 checks"),
        ("webhooks/a_check.py", source("a-check", "2.2") + source("b-check", "2.3"), "a_check.py: defines 2 checks"),
        ("payments/a_check.py", source("a-check", "2.2"), "a_check.py: task 2.2 belongs in the folder webhooks/"),
        ("webhooks/b_check.py", source("a-check", "2.2"), "b_check.py: the id 'a-check' and the file's name differ"),
        ("webhooks/a_check.py", source("a-check", "2.9"), ":5: check ACheck: task must be one of 1.1 to 6.4"),
        ("a_check.py", source("a-check", "2.2"), "a_check.py: a check lies in a phase's folder, checks/<phase>/"),
        ("webhooks/more/a_check.py", source("a-check", "2.2"), "a_check.py: a check lies in a phase's folder"),
        ("webhooks/a_check.py", source("a-check", "2.2", 'requires = ("b-check",)'), "requires unknown 'b-check'"),
        ("webhooks/a_check.py", source("a-check", "2.2", 'requires = ("a-check",)'), "require each other"),
    ],
)
def test_a_file_that_cannot_be_a_check_fails_the_loading_and_is_named(folder, name, text, expected):
    root = folder({name: text})
    message = told(root)
    assert expected in message
    assert "require each other" in expected or str(root) in message
    assert "None" not in message


def test_an_import_that_failed_leaves_no_half_module(folder):
    told(folder({"webhooks/half_check.py": "x = 1\nraise ValueError"}))
    assert "stripe_audit._checks.half_check" not in sys.modules


def test_a_syntax_error_in_what_a_check_imports_is_told_at_the_import(folder, monkeypatch):
    root = folder({"webhooks/a_check.py": "\nimport broken_neighbour\n", "../lib/broken_neighbour.py": "def x(:\n"})
    monkeypatch.syspath_prepend(str(root.parent / "lib"))
    assert "a_check.py:2: SyntaxError: invalid syntax (broken_neighbour.py, line 1)" in told(root)


def test_every_problem_is_told_at_once(folder):
    message = told(
        folder({"webhooks/a_check.py": "1 / 0", "webhooks/b_check.py": "", "c_check.py": ""}), Path("/nowhere/checks")
    )
    for part in (
        "a_check.py:1",
        "b_check.py: defines 0",
        "c_check.py: a check lies",
        "/nowhere/checks: no such folder",
    ):
        assert part in message
    assert len(message.splitlines()) == 4


def test_a_wrong_folder_is_not_told_file_by_file(folder):
    message = told(folder({f"src/deep/er/file{n}.py": "" for n in range(100)}))
    assert len(message.splitlines()) == 6 and "95 more files" in message


@pytest.mark.parametrize("make_it", [lambda p: p.mkdir(), lambda p: p.write_text(""), lambda p: None])
def test_a_folder_without_checks_is_an_error(tmp_path, make_it):
    make_it(tmp_path / "mine")
    assert f"{tmp_path}/mine: " in told(tmp_path / "mine")


def test_an_id_is_given_once(folder, tmp_path):
    root = folder({"webhooks/a_check.py": source("a-check", "2.2")})
    other = tmp_path / "other/webhooks/a_check.py"
    other.parent.mkdir(parents=True)
    other.write_text(source("a-check", "2.3"))
    message = told(root, other.parent.parent)
    assert message == f"{other}: 'a-check' is already defined in {root}/webhooks/a_check.py"


def test_a_former_id_belongs_to_one_check(folder):
    root = folder(
        {
            "webhooks/a_check.py": source("a-check", "2.2", 'formerly = ("old-check",)'),
            "webhooks/b_check.py": source("b-check", "2.2", 'formerly = ("old-check", "a-check")'),
        }
    )
    message = told(root)
    assert f"b_check.py: its former id 'old-check' belongs to {root}/webhooks/a_check.py" in message
    assert "its former id 'a-check' belongs to" in message


def test_a_check_requires_none_of_a_later_phase(folder):
    root = folder(
        {
            "webhooks/a_check.py": source("a-check", "2.2", 'requires = ("late-check",)'),
            "payments/late_check.py": source("late-check", "3.1"),
        }
    )
    assert "a_check.py: requires 'late-check' of a later phase" in told(root)


def test_an_unknown_requirement_comes_with_a_suggestion(folder):
    root = folder(
        {
            "webhooks/a_check.py": source("a-check", "2.2", 'requires = ("serve-starts",)'),
            "environment/server_starts.py": source("server-starts", "1.1"),
        }
    )
    assert "requires unknown 'serve-starts'; did you mean 'server-starts'?" in told(root)


def test_a_cycle_names_its_members():
    checks = [make("a-check", fakes.passes, requires=["b-check"]), make("b-check", fakes.passes, requires=["a-check"])]
    with pytest.raises(CatalogError, match=r"these checks require each other: .-check → .-check → .-check"):
        fakes.catalog_of(checks)


def test_the_order_is_phase_then_requirement_then_task_then_id():
    checks = [
        make("f-check", fakes.passes, task="6.1"),
        make("e-check", fakes.passes, task="1.4"),
        make("a-check", fakes.passes, task="1.2", requires=["e-check"]),
        make("d-check", fakes.passes, task="1.2"),
        make("c-check", fakes.passes, task="1.2"),
        make("b-check", fakes.passes, task="1.1"),
        make("g-check", fakes.passes, task="6.1", requires=["a-check"]),
    ]
    expected = ["b-check", "c-check", "d-check", "e-check", "a-check", "f-check", "g-check"]
    assert list(fakes.catalog_of(checks)) == list(fakes.catalog_of(reversed(checks))) == expected


# Entry points


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package that offers checks."""
    site = tmp_path / "site"

    def install(target="acme_checks", files=None):
        info = site / "acme-1.0.dist-info"
        info.mkdir(parents=True)
        info.joinpath("METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
        info.joinpath("entry_points.txt").write_text(f"[stripe_audit.checks]\nacme = {target}\n")
        for name, text in (files or {}).items():
            path = site / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        monkeypatch.syspath_prepend(str(site))
        return site

    yield install
    for name in [name for name in sys.modules if name.startswith("acme_checks")]:
        del sys.modules[name]


@pytest.mark.parametrize("has_init", [True, False])
def test_a_package_offers_checks_by_an_entry_point(package, has_init):
    init = {"acme_checks/__init__.py": "", "acme_checks/webhooks/__init__.py": ""} if has_init else {}
    site = package(files={"acme_checks/webhooks/a_check.py": source("a-check", "2.2"), **init})
    catalog = load(entry_points=["acme"])
    assert catalog.path("a-check") == site / "acme_checks/webhooks/a_check.py"


def test_a_packages_checks_are_not_loaded_unless_the_settings_name_them(package):
    package(files={"acme_checks/webhooks/a_check.py": "raise SystemExit('loaded')"})
    assert len(load()) == 0


@pytest.mark.parametrize(
    ("target", "files", "expected"),
    [
        ("acme_checks", {}, "acme_checks is not an installed package with folders of checks"),
        ("acme_checks", {"acme_checks.py": ""}, "acme_checks is not an installed package with folders of checks"),
        ("acme_checks.inner", {}, "acme_checks.inner: ModuleNotFoundError"),
        ("acme_checks.inner", {"acme_checks/__init__.py": "1 / 0"}, "acme_checks.inner: ZeroDivisionError"),
        ("acme_checks", {"acme_checks/__init__.py": ""}, "acme_checks: holds no checks"),
    ],
)
def test_an_entry_point_that_leads_nowhere_is_an_error(package, target, files, expected):
    package(target, files)
    assert expected in told(entry_points=["acme"])


def test_an_unknown_entry_point_is_an_error_with_a_suggestion(package):
    package()
    assert "no installed package offers checks named 'akme'; did you mean 'acme'?" in told(entry_points=["akme"])
    assert "'zzz' (entry points of the group stripe_audit.checks)" in told(entry_points=["zzz"])


# Selection


@pytest.fixture
def catalog():
    return fakes.catalog_of(
        [
            make("server-starts", fakes.passes, task="1.1"),
            make("env-keys-present", fakes.passes, task="1.4", tags=("keys",)),
            make(
                "webhook-signature-verified", fakes.passes, task="2.2", formerly=("signature-checked",), tags=("fast",)
            ),
            make("webhook-replay-rejected", fakes.passes, task="2.2"),
            make("card-data-never-handled", fakes.passes, task="4.4", tags=("pci", "fast")),
        ]
    )


ALL = ["server-starts", "env-keys-present", "webhook-replay-rejected", "webhook-signature-verified"]
ALL += ["card-data-never-handled"]


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(), ALL),
        (Selection(phases=("webhooks",)), ALL[2:4]),
        (Selection(phases=("2",)), ALL[2:4]),
        (Selection(phases=("1", "security")), [*ALL[:2], ALL[4]]),
        (Selection(phases=("[12]",)), ALL[:4]),
        (Selection(phases=("e*",)), ALL[:2]),
        (Selection(tasks=("2.2",)), ALL[2:4]),
        (Selection(tasks=("1.*",)), ALL[:2]),
        (Selection(checks=("webhook-*",)), ALL[2:4]),
        (Selection(checks=("signature-checked",)), [ALL[3]]),
        (Selection(checks=("server-starts", "card-*")), [ALL[0], ALL[4]]),
        (Selection(exclude=("webhook-*", "server-starts")), [ALL[1], ALL[4]]),
        (Selection(exclude=("signature-checked",)), [*ALL[:3], ALL[4]]),
        (Selection(tags=("fast",)), ALL[3:]),
        (Selection(tags=("p*", "keys")), [ALL[1], ALL[4]]),
        (Selection(phases=("webhooks",), tags=("fast",)), [ALL[3]]),
    ],
)
def test_a_selection_means_these_checks_in_order(catalog, selection, expected):
    assert list(catalog.select(selection)) == expected


@pytest.mark.parametrize(
    ("selection", "message", "hint"),
    [
        (Selection(phases=("webhook",)), "there is no phase 'webhook'", "did you mean webhooks?"),
        (Selection(phases=("7",)), "there is no phase '7'", "checks list"),
        (Selection(tasks=("2.9",)), "there is no task '2.9'", "did you mean"),
        (Selection(checks=("webhook-signatures-verified",)), "there is no check", "did you mean webhook-signature-ver"),
        (Selection(checks=("webhook_replay_rejected",)), "there is no check", "webhook-replay-rejected"),
        (Selection(checks=("zzz-*",)), "there is no check 'zzz-*'", "checks list"),
        (Selection(exclude=("server-start",)), "there is no check 'server-start'", "did you mean server-starts?"),
        (Selection(tags=("pcl",)), "there is no tag 'pcl'", "did you mean pci?"),
        (Selection(phases=("webhooks",), checks=("server-starts",)), "no check is selected", "combined"),
        (Selection(exclude=("*",)), "no check is selected", "combined"),
    ],
)
def test_a_selection_that_means_nothing_is_an_error_with_advice(catalog, selection, message, hint):
    with pytest.raises(UsageError) as caught:
        catalog.select(selection)
    assert message in caught.value.message and hint in caught.value.hint


# What is shipped


def test_the_shipped_checks_load_and_each_lies_in_its_phase():
    catalog = load_catalog()
    for identity in catalog:
        if builtin_folder("scenarios") in catalog.path(identity).parents:
            continue  # a scenario lies with its family, and its task stands in it
        assert catalog.path(identity).parent == builtin_folder("checks") / phase_of(catalog[identity].task).folder


def test_the_wheels_folder_comes_first(tmp_path, monkeypatch):
    import stripe_audit.catalog as module

    package = tmp_path / "src/stripe_audit"
    (package / "_builtin/checks").mkdir(parents=True)
    monkeypatch.setattr(module, "__file__", str(package / "catalog.py"))
    assert builtin_folder("checks") == package / "_builtin/checks"
    assert builtin_folder("scenarios") == tmp_path / "scenarios"


def test_facts_carry_the_references():
    check = make("a-check", fakes.passes, references=("CWE-347",))
    assert Catalog([LoadedCheck(check, Path("x.py"))]).facts("a-check").references == ("CWE-347",)
