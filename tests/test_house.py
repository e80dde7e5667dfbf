"""House rules that a machine can keep: sizes, docstrings, what is never written, quoted shell commands."""

import ast
import io
import re
import subprocess
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MODULE_LINES, SCRIPT_LINES = 400, 60
MACHINE = re.compile("(?<![A-Za-z0-9_.-])/(?:" + "work/|" + "tmp/lab)")
FIELD = re.compile(r"(?<!\{)\{((?:wildcards|params|input|output|log|resources|config)\b[^{}]*)\}(?!\})")
SQL = re.compile(r"\s*(?:SELECT|INSERT|UPDATE|DELETE|CREATE|DROP|ALTER)\s", re.IGNORECASE)


def tracked():
    """Files under version control, and new ones that will be; of an unpacked archive, all."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    names = done.stdout.splitlines() if not done.returncode else [str(path.relative_to(ROOT)) for path in ROOT.rglob("*")]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def long(folder, limit):
    """Python files of at least `limit` lines."""
    sizes = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in sorted(folder.rglob("*.py"))}
    return [f"{path.name}: {size} lines" for path, size in sizes.items() if size >= limit]


def undocumented(source):
    """Public functions, classes and methods without a docstring, and the module where it has none."""
    missing = [] if ast.get_docstring(ast.parse(source)) or not source.strip() else ["the module"]

    def look(node, prefix):
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and not child.name.startswith("_"):
                overload = any(getattr(mark, "id", getattr(mark, "attr", "")) == "overload" for mark in child.decorator_list)
                if not ast.get_docstring(child) and not overload and not (isinstance(child, ast.ClassDef) and described(child)):
                    missing.append(prefix + child.name)
                if isinstance(child, ast.ClassDef):
                    look(child, f"{prefix}{child.name}.")

    look(ast.parse(source), "")
    return missing


def described(node):
    """Whether a class is a pydantic model whose fields carry their own docstrings (the reference is made from these)."""
    return bool(node.bases) and any(isinstance(part, ast.Expr) and isinstance(part.value, ast.Constant) for part in node.body)


def forbidden(source):
    """What our code never does, as (line, what)."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            shell = any(word.arg == "shell" and getattr(word.value, "value", True) is not False for word in node.keywords)
            found += [(node.lineno, "shell=True")] if shell else []
            bad = name in ("eval", "exec", "os.system", "os.popen") or re.match(
                r"yaml\.(load|load_all|full_load|unsafe\w*)$", name
            )
            found += [(node.lineno, f"{name}(")] if bad else []
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            found += [
                (node.lineno, f"import {name}")
                for name in names
                if name.split(".")[0] in ("pickle", "marshal", "shelve", "dill")
            ]
        elif isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
            words = str(node.values[0].value)
            found += [(node.lineno, "SQL in an f-string")] if SQL.match(words) and len(node.values) > 1 else []
    return sorted(found)


def unquoted(source):
    """Fields of `shell:` commands of a Snakefile without `:q`."""
    tokens = [
        token
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.COMMENT)
    ]
    found = []
    for index, token in enumerate(tokens[:-1]):
        if token.string != "shell" or tokens[index + 1].string not in (":", "("):
            continue
        for part in tokens[index + 2 :]:
            if part.type != tokenize.STRING:
                break
            found += ["an f-string"] if "f" in part.string[: part.string.index(part.string[-1])].lower() else []
            found += [match.group(0) for match in FIELD.finditer(part.string) if not match.group(1).endswith(":q")]
    return found


def test_modules_and_scripts_stay_small():
    """A module is under 400 lines, a script under 60."""
    assert not long(ROOT / "talkmill", MODULE_LINES)
    assert not long(ROOT / "scripts", SCRIPT_LINES)


def test_what_is_public_is_documented():
    """Every module, public function, class and method of the library has a docstring."""
    paths = sorted((ROOT / "talkmill").rglob("*.py"))
    assert paths
    assert not {
        str(path.relative_to(ROOT)): names for path in paths if (names := undocumented(path.read_text(encoding="utf-8")))
    }


def test_nothing_unsafe_is_called():
    """No shell, no eval, no pickles, no YAML that runs code, no SQL from pieces; in tests and scripts neither."""
    paths = [path for path in tracked() if path.suffix == ".py"]
    assert paths
    assert not {str(path.relative_to(ROOT)): bad for path in paths if (bad := forbidden(path.read_text(encoding="utf-8")))}


def test_no_file_names_a_development_machine():
    """Paths of the machine that something was written on mean nothing to others."""
    found = []
    for path in tracked():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}: {match.group(0)}" for match in MACHINE.finditer(text)]
    assert not found


def test_shell_commands_quote_every_field():
    """In `shell:` every wildcard, parameter, input, output and log carries `:q`."""
    paths = [path for path in tracked() if path.suffix == ".smk" or path.name == "Snakefile"]
    assert not {str(path.relative_to(ROOT)): bad for path in paths if (bad := unquoted(path.read_text(encoding="utf-8")))}


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("import subprocess\nsubprocess.run('ls', shell=True)", [(2, "shell=True")]),
        ("import yaml\nyaml.load(text)", [(2, "yaml.load(")]),
        ("yaml.unsafe_load(text)", [(1, "yaml.unsafe_load(")]),
        ("x = eval('1')", [(1, "eval(")]),
        ("from pickle import loads", [(1, "import pickle")]),
        ("q = f'select * from {table}'", [(1, "SQL in an f-string")]),
        (
            "yaml.safe_load(text)\nsubprocess.run(['ls'], shell=False)\nf'select {name!r} again'[:0]\nre.compile('x')",
            [(3, "SQL in an f-string")],
        ),
        ("yaml.safe_load(text)\nsubprocess.run(['ls'])\nf'Selected {name}'\nre.compile('eval(')", []),
    ],
)
def test_the_rule_on_calls_can_fail(source, what):
    """What is unsafe is found, and what only looks like it is not."""
    assert forbidden(source) == what


def test_the_other_rules_can_fail(tmp_path):
    """Each finds a made-up offence."""
    (tmp_path / "big.py").write_text("x = 1\n" * 400)
    assert long(tmp_path, MODULE_LINES) == ["big.py: 400 lines"]
    assert undocumented(
        '"""Module."""\nclass A:\n    """A."""\n    def f(self): ...\n    def _g(self): ...\ndef h(): ...\n'
    ) == ["A.f", "h"]
    assert undocumented("x = 1\n") == ["the module"]
    assert MACHINE.search("open('/" + "work/x')")
    assert not MACHINE.search("my/" + "work/x")
    rule = 'rule a:\n    shell:\n        "cp {input.a:q} {output}"  # why\n        " {params.x} {threads} {{log}}"\n'
    assert unquoted(rule) == ["{output}", "{params.x}"]
    assert unquoted('rule a:\n    shell: "cp {input:q} {output.x:q} > {log:q}"\n') == []
    assert unquoted("rule a:\n    run:\n        shell('cat {wildcards.name}')\n") == ["{wildcards.name}"]
