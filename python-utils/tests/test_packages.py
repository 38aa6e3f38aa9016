"""Package environments: who sees them, and who does not."""

from agent import write

VERSION = "import shapes\nreturn shapes.VERSION"


def environment(folder, digest, version):
    write(folder / digest / "site-packages" / "shapes" / "__init__.py", f"VERSION = {version!r}\n")
    return str(folder / digest)


def test_conflicting_versions_side_by_side(agent, tmp_path):
    one, two = environment(tmp_path, "aa", "1.0"), environment(tmp_path, "bb", "2.0")
    agent.serve(
        {"one": VERSION, "two": VERSION, "none": VERSION}, "--environment", one, "--environment", two,
        environments={"one": "aa", "two": "bb"},
    )
    assert agent.call("one").json["data"] == "1.0"
    assert agent.call("two").json["data"] == "2.0"
    without = agent.call("none")
    assert without.status == 500 and "ModuleNotFoundError" in without.json["error"]


def test_the_standard_library_comes_first_and_pth_files_are_not_read(agent, tmp_path):
    folder = environment(tmp_path, "aa", "1.0")
    write(tmp_path / "aa" / "site-packages" / "json.py", "raise RuntimeError('planted')\n")
    write(tmp_path / "aa" / "site-packages" / "x.pth", "import sys; sys.planted = True\n")
    agent.serve(
        {"one": "import json, sys, shapes\nreturn [json.dumps(1), hasattr(sys, 'planted')]"},
        "--environment", folder, environments={"one": "aa"},
    )
    assert agent.call("one").json["data"] == ["1", False]
