"""The prefilter changes no verdict: compared with the full walk, file by file."""

import random
from pathlib import Path

import pytest
from conftest import corpus

LIBRARY = sorted(Path("/usr/lib/python3.11").rglob("*.py"))
SAMPLE = random.Random(11).sample(LIBRARY, min(300, len(LIBRARY)))


def compare(module, source, path):
    filtered = module.check(path, 0, source)
    walked = module.check(path, 0, source, prefilter=False)
    assert filtered[0] == walked[0]
    assert set(filtered[1]) == set(walked[1])
    return walked


def test_corpus(module):
    for _, path, _ in corpus():
        compare(module, path.read_bytes(), f"utils/{path.name}")


def test_standard_library(module):
    for path in SAMPLE:
        source = path.read_bytes()
        if len(source) < 300_000:
            compare(module, source, f"utils/{path.name}")


def test_mixtures(module):
    """Statements of evasions strewn into look-alikes, so that words of both meet in one file."""
    chance = random.Random(12)
    sources = [path.read_text() for _, path, _ in corpus()]
    pieces = [line for source in sources for line in source.split("\n") if line and line[0] not in " #\"'@)]}"]
    for _ in range(400):
        body = chance.choice(sources).split("\n")
        for piece in chance.sample(pieces, 3):
            body.insert(chance.randrange(len(body) + 1), piece)
        compare(module, "\n".join(body).encode(), "utils/f.py")


# Each has the trigger in a place where a careless filter would not look, or only seems to have one.
EDGES = {
    "f-string": "x = f'''{\n__import__('os')}'''\n",
    "raw f-string": "x = rf'\\{eval(1)}'\nx = FR\"{eval(2)}\"\n",
    "nested f-string": "x = f\"{f'{eval(1)}'}\"\n",
    "quote in comment": "# it's\nimport os\n# it's\n",
    "comment in string": "x = '#'; import os; y = '#'\n",
    "hash in triple quotes": "x = '''# '''; import os\n",
    "escaped quotes": "x = 'a\\'b'; import os; y = 'c'\n",
    "escaped backslash": "x = 'a\\\\'; import os; y = 'c'\n",
    "carriage return": "# comment\rimport os\r",
    "continued string": "x = 'a\\\nb'; import os\n",
    "continued string, CRLF": "x = 'a\\\r\nb'; import os\r\n",
    "triple with quotes inside": "x = '''a'b''c\\''''; import os\n",
    "empty strings": "x = ''; y = \"\"; import os; z = ''''''\n",
    "getattr in a string": "x = 'getattr(a, \"in\"'; import os\n",
    "getattr twice": "getattr(a, 'o''s')\ngetattr(logging, 'os')\nimport logging\n",
    "getattr constant": "import logging\ngetattr(logging, 'os')\n",
    "getattr harmless": "import logging\ngetattr(logging, 'info')\n",
    "re.compile and compile": "import re\nre.compile('a')\ncompile('1', '', 'eval')\n",
    "compile across lines": "import re\nre.compile\\\n('a')\ncompile ('1', '', 'eval')\n",
    "urllib.parse and more": "import urllib.parse\nurllib.request\n",
    "urllib.parse alone": "from urllib.parse import quote\n",
    "soft words": "code = 1\nsite, select = 2, 3\n",
    "soft import": "import json, code\n",
    "soft from": "from json import (\n    loads, dumps)\nfrom code import interact\n",
    "soft continued": "import json, \\\n    code\n",
    "logging and config": "import logging\nconfig = logging.config\n",
    "logging or config": "config = {}\n",
    "non-ASCII text": "# — “os”\nx = 'é os'\n",
    "non-ASCII f-string": "x = f'é{eval(1)}'\n",
    "non-ASCII name": "ｏｓ = 1\nimport ｏｓ\n",
    "format": "'{0.__globals__}'.format(f)\n",
    "format in pieces": "a = '{0._'\n(a + '_globals__}').format(f)\n",
    "format escaped": "a = '{0.\\x5f\\x5fglobals__}'\na.format(f)\n",
    "format octal": "'{0.\\137_globals__}'.format(f)\n",
    "format named": "'{0.\\N{LOW LINE}_globals__}'.format(f)\n",
    "format continued": "'{0._\\\n_globals__}'.format(f)\n",
    "format plain": "'{0} __x__'.format(f)\n",
    "lib": "from lib.a import b, c as d\nfrom lib import (e,\n f as g,)\n",
    "lib in a string": "'''\nfrom lib.a import b\n'''\n",
    "lib by import": "import lib.a\nlib.a.b()\n",
    "lib semicolons": "x = 1; from lib.a import b\n",
    "lib star": "from lib.a import *\n",
    "relative": "from . import a\nfrom ..lib import b\n",
    "path method": "from pathlib import PurePath\nPurePath('a').read_text()\n",
}


@pytest.mark.parametrize("name", EDGES)
def test_edges(module, name):
    compare(module, EDGES[name].encode(), "utils/x/f.py")
    compare(module, EDGES[name].encode() + b"def f(data, filter):\n    return data\n", "utils/x/f.py")


def test_filter_filters(module):
    """It is there for speed: look-alikes without a telling word never reach the walk."""
    clean = sum(module.may_break_rules(path.read_bytes(), compile(path.read_bytes(), "x", "exec"))[0]
                == module.CLEAN for folder, path, _ in corpus() if folder == "lookalikes")
    assert clean > 40
