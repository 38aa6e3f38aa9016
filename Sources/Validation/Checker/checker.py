"""The sync agent's Python checker: judges utilities on their syntax tree and never runs them.

A long-lived process, started as `python3 -I -S -B checker.py [--memory=BYTES] [--cpu=SECONDS]`.
The agent writes request frames to its standard input and reads reply frames, in the same order,
from its standard output (all integers big-endian):

    request: u32 length, then u32 id, u8 kind (0 utility, 1 shared module, 2 parameters), u16 path length,
             path, source
    reply:   u32 length, then u32 id, then nothing (clean, imports nothing of `lib`) or the JSON text
             {"f":[[line,column,rule,severity,message,hint],...],"m":["lib","lib.dates",...]}
             or, to a request of kind 2, {"l":line,"p":[[name,kind,has_default],...]}: the parameters of
             the function that is named like the file, nothing where there is none; `kind` is
             "positional", "any", "varargs", "keyword" or "varkeywords"

`f` are the findings, sorted; lines and columns count from 1 (0: the finding has no place), columns in
Unicode characters. `m` names every module under `lib` that the file could import. End of input: exit 0.
A malformed frame: exit 2. A file that exhausts the CPU limit kills the process; the agent then reports
`CheckerFailed` for it.

How a file is judged:

1. Decoding and `compile()`: everything that CPython itself rejects is `PythonSyntax`.
2. The prefilter (`may_break_rules`) proves most files clean from their words alone.
3. The others get a syntax tree, a scope analysis and abstract evaluation (`Judge`).
4. The entry function is looked up, in the code object where that suffices.

Only the standard library, and of it only what starts fast: no `ast`, no `json`; `re` on first need.
"""

import builtins
import posix
import resource
import sys
import time
import warnings
from _ast import PyCF_ONLY_AST
from _json import encode_basestring_ascii
from opcode import opmap
import _ast as ast

# ----------------------------------------------------------------------
# Limits
# ----------------------------------------------------------------------

MAX_SOURCE = 10_485_760
"""Bytes of source; the agent refuses larger files before, this is the second wall."""
MAX_FRAME = MAX_SOURCE + 7 + 65_536
MAX_FINDINGS = 500
MAX_DEPTH = 20_000
"""Python's recursion limit while a tree is walked: calls from Python to Python take no C stack."""
MAX_ITEMS = 64
"""Elements of a list or dict that are looked at for functions."""
MAX_FOLDED = 4_096
"""Characters of a constant that folding builds; longer ones count as unresolvable."""

# ----------------------------------------------------------------------
# Rules
# ----------------------------------------------------------------------

OS, SUB, EXEC, FS, NET = "NoImportOS", "NoSubprocess", "NoExec", "NoFileSystem", "NoNetwork"
SYNTAX, ENCODING, TOO_LARGE = "PythonSyntax", "FileEncoding", "FileTooLarge"
MISSING, SIGNATURE, FAILED = "FunctionMissing", "FunctionSignature", "CheckerFailed"
HIGH, MEDIUM = "HIGH", "MEDIUM"

SEVERITY = {FS: MEDIUM, NET: MEDIUM}
"""Everything that is not listed is HIGH."""
MESSAGE = {
    OS: "OS module imports are not allowed for security reasons",
    SUB: "Subprocess module is not allowed",
    FS: "Direct file operations should be reviewed",
    NET: "Network operations should be reviewed",
    EXEC: "Dynamic code execution is not allowed",
}
WAY_OUT = {
    OS: "a utility gets what it needs through `data` and `filter`",
    SUB: "compute the result in Python, or leave the command to a playbook step",
    FS: "take the content through `data`, or work in memory with `io.BytesIO` or `io.StringIO`",
    NET: "take the content through `data`, or have the exchange reviewed",
    EXEC: "write the code out, use `ast.literal_eval` for data and a dict of functions for dispatch",
}

# What a file must not name, as dotted paths: a module, or a member of an otherwise harmless one. Each
# also covers everything below it. The text says what the name does and completes the hint.
_RESTRICTED = (
    (OS, "reaches the operating system", """
        os posix nt posixpath ntpath genericpath pty tty termios fcntl resource signal pwd grp spwd
        getpass syslog nis winreg _winreg _winapi msvcrt winsound psutil curses _curses faulthandler
        readline rlcompleter _posixshmem _signal test.support"""),
    (OS, "calls native code past every check", "ctypes _ctypes cffi _cffi_backend"),
    (OS, "imports modules by name, past the import rules", """
        imp _imp _frozen_importlib _frozen_importlib_external pkgutil zipimport zipapp modulefinder site
        sysconfig distutils setuptools pip ensurepip venv pkg_resources pydoc unittest mock idlelib
        sys.modules sys.meta_path sys.path_hooks sys.path_importer_cache sys.path inspect.getmodule
        _sitebuiltins"""),
    (SUB, "starts processes", """
        subprocess _posixsubprocess multiprocessing _multiprocessing billiard pexpect ptyprocess sh
        plumbum fabric invoke commands popen2 _aix_support _bootsubprocess _osx_support
        concurrent.futures.ProcessPoolExecutor concurrent.futures.process asyncio.subprocess
        asyncio.create_subprocess_exec asyncio.create_subprocess_shell asyncio.base_subprocess
        uuid._get_command_stdout platform._syscmd_ver platform._syscmd_file platform.popen mailcap
        asyncio.unix_events"""),
    (EXEC, "runs code that is made at run time", """
        code codeop runpy py_compile compileall timeit trace cProfile profile _lsprof pdb bdb doctest
        tkinter _tkinter turtle turtledemo _xxsubinterpreters _interpreters _testcapi _testinternalcapi gc
        dill cloudpickle joblib shelve jsonpickle logging.config types.FunctionType types.LambdaType
        types.CodeType
        pickle.load pickle.loads pickle.Unpickler pickle._load pickle._loads pickle._Unpickler
        _pickle.load _pickle.loads _pickle.Unpickler marshal.load marshal.loads
        typing.get_type_hints typing.ForwardRef typing._eval_type inspect.get_annotations
        dataclasses._create_fn tracemalloc.Snapshot.load lib2to3.pgen2.driver.load_grammar
        lib2to3.pgen2.driver.load_packaged_grammar lib2to3.pgen2.grammar.Grammar six.exec_ numexpr js2py
        pandas.eval pandas.read_pickle numpy.load
        yaml.unsafe_load yaml.unsafe_load_all yaml.UnsafeLoader yaml.Loader yaml.CLoader yaml.full_load
        yaml.FullLoader yaml.CUnsafeLoader"""),
    (EXEC, "opens the interpreter's frames, from which any builtin can be taken", """
        sys._getframe sys._current_frames sys._current_exceptions sys.settrace sys.setprofile
        sys.call_tracing sys.breakpointhook threading.settrace threading.setprofile inspect.currentframe
        inspect.stack inspect.trace inspect.getouterframes inspect.getinnerframes inspect.getclosurevars
        traceback.walk_stack traceback.walk_tb logging.currentframe"""),
    (FS, "works on files", """
        shutil tempfile fileinput glob _sqlite3 dbm _dbm _gdbm mmap linecache filecmp netrc mailbox
        pyclbr tabnanny cgitb ossaudiodev sndhdr aiofiles fsspec watchdog send2trash io.open io.open_code
        io.FileIO io.OpenWrapper _io.open _io.open_code _io.FileIO _pyio.open _pyio.FileIO _pyio.open_code
        codecs.open
        tokenize.open tokenize._builtin_open bz2._builtin_open tarfile.bltn_open zipfile.Path
        logging.FileHandler logging.handlers.RotatingFileHandler
        logging.handlers.TimedRotatingFileHandler logging.handlers.WatchedFileHandler
        logging.handlers.BaseRotatingFileHandler inspect.getsource inspect.getsourcelines
        inspect.getsourcefile mimetypes.read_mime_types mimetypes.MimeTypes.read argparse.FileType
        gettext.translation gettext.find gettext.install xml.etree.ElementInclude
        xml.sax.saxutils.prepare_input_source lib2to3.refactor lib2to3.main numpy.fromfile numpy.memmap
        sys.stdin.buffer.raw sys.stdout.buffer.raw sys.stderr.buffer.raw"""),
    (NET, "speaks over the network", """
        socket _socket ssl _ssl urllib.request urllib.error urllib.response urllib.robotparser urllib2
        urllib3 ftplib smtplib smtpd poplib imaplib nntplib telnetlib socketserver xmlrpc webbrowser
        antigravity select selectors asyncore asynchat requests requests_toolbelt httpx aiohttp httplib2
        httplib paramiko asyncssh pycurl websocket websockets tornado twisted grpc zmq pika redis pymongo
        motor psycopg2 psycopg asyncpg pymysql MySQLdb aioredis boto3 botocore dns ldap3 ldap scapy nmap
        pysnmp kafka stomp wsgiref xml.dom.xmlbuilder six.moves.urllib.request six.moves.urllib.error
        six.moves.urllib.response six.moves.urllib_request six.moves.http_client six.moves.xmlrpc_client
        six.moves.socketserver impacket smbclient smbprotocol whois elasticsearch opensearchpy
        asyncio.open_connection asyncio.start_server asyncio.open_unix_connection
        asyncio.start_unix_server asyncio.streams asyncio.StreamReader asyncio.StreamWriter
        asyncio.StreamReaderProtocol logging.handlers.SocketHandler logging.handlers.DatagramHandler
        logging.handlers.SysLogHandler logging.handlers.SMTPHandler logging.handlers.HTTPHandler"""),
)
RESTRICTED = {
    name: (rule, does) for rule, does, names in _RESTRICTED for name in names.split()
}

# Packages of which only some members are harmless. Importing one is judged by what is made of it: with
# nothing but harmless or resolved uses it is clean, else a finding of this rule.
LAZY = {
    "importlib": (OS, "imports modules by name, past the import rules", {"import_module", "__import__"}),
    "http": (NET, "speaks over the network", {"HTTPStatus", "HTTPMethod", "cookies"}),
    "builtins": (EXEC, "holds every builtin, `eval` and `open` among them", None),
}

# Builtins that are a finding wherever they are named, unless the name is bound to something else.
BUILTIN_RULES = {
    "eval": (EXEC, "runs code that is made at run time"),
    "exec": (EXEC, "runs code that is made at run time"),
    "compile": (EXEC, "makes code at run time"),
    "breakpoint": (EXEC, "opens a debugger, which runs what it is told"),
    "open": (FS, "opens files"),
}
# Builtins that are judged by how they are used.
TRACKED_BUILTINS = BUILTIN_RULES.keys() | {
    "__import__", "__builtins__", "__loader__", "__spec__", "getattr", "globals", "locals", "vars",
    "object", "type",
}

# Attributes that lead from any object at all to the interpreter's insides.
_ESCAPES = """
    __globals__ __builtins__ __code__ __closure__ __subclasses__ __base__ __bases__ __mro__ __self__
    __defaults__ __kwdefaults__ cell_contents func_globals func_code f_globals
    f_locals f_builtins f_back f_code tb_frame gi_frame gi_code cr_frame cr_code ag_frame ag_code codeobj"""
ESCAPES = frozenset(_ESCAPES.split())
# The same, but what they reach is the import system.
LOADERS = frozenset(("__loader__", "__spec__"))
# Modules of the interpreter that are only the other half of a public one.
PRIVATE_HALVES = {"_operator": "operator", "_functools": "functools", "_codecs": "codecs"}
LOADER_CALLS = frozenset(("load_module", "find_spec", "find_module", "create_module", "exec_module"))

# Other names under which modules of the standard library carry something restricted, as measured over
# all of them, and the core modules that are taken for themselves wherever they appear as an attribute.
ALIASES = {
    "_os": "os", "_sys": "sys", "bltns": "builtins", "_builtin_open": "builtins.open",
    "bltn_open": "builtins.open", "_io": "_io",
}
# Modules of which some members are restricted, under the names by which others of the standard library
# carry them.
CARRIED = {
    **{name: name for name in """io codecs inspect logging types http pathlib gzip zipfile tarfile bz2 lzma
        pickle tokenize threading typing traceback marshal urllib concurrent argparse xml""".split()},
    "_types": "types", "_dataclasses": "dataclasses", "minidom": "xml.dom.minidom",
    "xmlbuilder": "xml.dom.xmlbuilder", "saxutils": "xml.sax.saxutils", "xmlreader": "xml.sax.xmlreader",
}
CORE = frozenset((
    "os", "sys", "subprocess", "builtins", "posix", "importlib", "ctypes", "socket", "shutil", "runpy",
    "_posixsubprocess", "multiprocessing", "pty", "signal"))

# Classes whose instances are followed, since they compute with some methods and touch files with others.
PATHS = frozenset(("pathlib.Path", "pathlib.PosixPath", "pathlib.WindowsPath"))
STREAMS = frozenset(("io.BytesIO", "io.StringIO", "_io.BytesIO", "_io.StringIO", "typing.BinaryIO"))
# Callables that take a file's name or an open stream: clean on a stream that is known to be in memory.
STREAM_CALLS = frozenset("""
    zipfile.ZipFile zipfile.PyZipFile zipfile.is_zipfile tarfile.open tarfile.TarFile tarfile.TarFile.open
    tarfile.is_tarfile gzip.open gzip.GzipFile bz2.open bz2.BZ2File lzma.open lzma.LZMAFile
    xml.etree.ElementTree.parse xml.etree.ElementTree.iterparse xml.etree.cElementTree.parse
    xml.etree.cElementTree.iterparse xml.dom.minidom.parse xml.dom.pulldom.parse xml.dom.expatbuilder.parse
    xml.sax.parse defusedxml.ElementTree.parse defusedxml.ElementTree.iterparse defusedxml.minidom.parse
    lxml.etree.parse lxml.etree.iterparse wave.open wave.Wave_read wave.Wave_write aifc.open aifc.Aifc_read
    aifc.Aifc_write sunau.open sunau.Au_read sunau.Au_write uu.encode uu.decode sqlite3.connect
    sqlite3.Connection sqlite3.dbapi2.connect sqlite3.dbapi2.Connection pandas.read_csv pandas.read_table
    pandas.read_fwf pandas.read_excel pandas.read_parquet PIL.Image.open openpyxl.load_workbook""".split())
STREAM_KEYWORDS = frozenset((
    "fileobj", "file", "source", "f", "in_file", "database", "filepath_or_buffer", "io", "fp", "filename"))
BOTH_STREAMS = frozenset(("uu.encode", "uu.decode"))
DATABASES = frozenset(("sqlite3", "sqlite3.dbapi2"))
DATABASE_CALLS = frozenset(f"{module}.{name}" for module in DATABASES for name in ("connect", "Connection"))
IN_MEMORY = frozenset((":memory:", "file::memory:"))
"""Names of databases that are no file."""
# Callables that touch files by some arguments alone: the position from which, and the keywords.
FILE_ARGUMENTS = {
    "logging.basicConfig": (None, ("filename",)),
    "argparse.ArgumentParser": (None, ("fromfile_prefix_chars",)),
    "mimetypes.init": (0, ("files",)),
    "mimetypes.MimeTypes": (0, ("filenames",)),
    "xml.etree.ElementTree.ElementTree": (1, ("file",)),
    "xml.etree.cElementTree.ElementTree": (1, ("file",)),
    "xml.etree.ElementTree.canonicalize": (None, ("from_file", "out")),
    "lxml.etree.ElementTree": (None, ("file",)),
    "imghdr.what": (0, ("file",)),
}
# Classes of which instances are followed, each with its methods that touch files; and those among them
# that are clean on a stream in memory.
_TREE, _ZIP, _TAR, _DATABASE = (
    "write write_c14n parse", "extract extractall write", "extract extractall add gettarinfo",
    "enable_load_extension load_extension")
INSTANCE_METHODS = {name: frozenset(methods.split()) for name, methods in {
    "configparser.ConfigParser": "read",
    "configparser.RawConfigParser": "read",
    "configparser.SafeConfigParser": "read",
    "mimetypes.MimeTypes": "read",
    "tracemalloc.Snapshot": "dump",
    "xml.etree.ElementTree.ElementTree": _TREE,
    "xml.etree.cElementTree.ElementTree": _TREE,
    "lxml.etree.ElementTree": _TREE,
    "xml.sax.xmlreader.XMLReader": "parse",
    "zipfile.ZipFile": _ZIP,
    "zipfile.PyZipFile": _ZIP + " writepy",
    "tarfile.open": _TAR,
    "tarfile.TarFile": _TAR,
    "tarfile.TarFile.open": _TAR,
    "sqlite3.connect": _DATABASE,
    "sqlite3.Connection": _DATABASE,
}.items()}
STREAM_METHODS = frozenset(("write", "write_c14n", "parse"))
METHOD_HINTS = {
    "read": "opens files; use `read_string`", "extract": "writes files; read the members in memory",
    "extractall": "writes files; read the members in memory",
}
ARCHIVES = frozenset(("zipfile.ZipFile", "zipfile.PyZipFile", "tarfile.open", "tarfile.TarFile",
                      "tarfile.TarFile.open"))
# What calling something gives, where it is not named for it.
RESULTS = {
    "pathlib.Path.cwd": "pathlib.Path", "pathlib.Path.home": "pathlib.Path",
    "xml.etree.ElementTree.parse": "xml.etree.ElementTree.ElementTree",
    "xml.etree.cElementTree.parse": "xml.etree.ElementTree.ElementTree",
    "defusedxml.ElementTree.parse": "xml.etree.ElementTree.ElementTree",
    "lxml.etree.parse": "lxml.etree.ElementTree",
    "xml.sax.make_parser": "xml.sax.xmlreader.XMLReader",
    "xml.sax.expatreader.create_parser": "xml.sax.xmlreader.XMLReader",
    "xml.sax.expatreader.ExpatParser": "xml.sax.xmlreader.XMLReader",
    "tracemalloc.take_snapshot": "tracemalloc.Snapshot",
    "sqlite3.dbapi2.connect": "sqlite3.connect",
}

# Methods of pathlib's concrete paths that touch the file system, and those of them whose name alone
# tells, so that they count on any object in a file that uses such paths.
PATH_TELLING = frozenset("""
    read_text read_bytes write_text write_bytes iterdir rglob unlink touch mkdir rmdir is_file is_dir
    symlink_to hardlink_to link_to readlink samefile expanduser lstat lchmod is_symlink is_mount is_socket
    is_fifo is_block_device is_char_device exists stat chmod open""".split())
PATH_TOUCHING = PATH_TELLING | frozenset(
    ("replace", "rename", "resolve", "absolute", "glob", "owner", "group", "cwd", "home", "walk"))
PATH_PURE = frozenset("parent joinpath with_suffix with_name with_stem relative_to absolute resolve".split())

# Methods of asyncio's event loops, which count on any object in a file that imports asyncio.
LOOP_CALLS = {
    **dict.fromkeys("""
        create_connection create_server create_datagram_endpoint create_unix_connection
        create_unix_server connect_accepted_socket sock_connect sock_accept sock_recv sock_recv_into
        sock_sendall sock_sendfile getaddrinfo getnameinfo start_tls""".split(),
        (NET, "speaks over the network")),
    **dict.fromkeys("subprocess_exec subprocess_shell".split(), (SUB, "starts processes")),
    **dict.fromkeys("connect_read_pipe connect_write_pipe".split(), (FS, "works on files")),
}

STDLIB = sys.stdlib_module_names
ROOTS = frozenset(name for name in RESTRICTED if "." not in name)
# Modules named by an everyday word. No harmless module of the standard library carries one, so they are
# looked for in import statements alone: `response.code` and `select = ...` say nothing.
SOFT_ROOTS = frozenset("""
    code site commands resource profile select sh invoke dns whois mock trace requests mailbox pip
    redis fabric motor turtle""".split())

# ----------------------------------------------------------------------
# Prefilter
# ----------------------------------------------------------------------
#
# Soundness: every finding of a code rule, and every entry of `m`, starts at an identifier of the tree:
# an imported name, a builtin, an attribute. In a source whose code is pure ASCII each identifier stands
# in the text as a maximal run of word characters (there are no escapes in identifiers, and NFKC changes
# no ASCII). So when no such run is a trigger, no identifier is, and `Judge` would report nothing.
# Names that are put together from strings do not escape this: a string becomes a name only through
# `getattr`, `__import__`, `vars`, `globals`, `__dict__` and their like, which are triggers themselves.
# `str.format` with dunders is the one rule that starts at a string, and asks the constants of the code
# object (`formats_escapes`); string annotations are read under `register` alone, a trigger.
# Words inside strings and comments give false hits, which `code_text` removes exactly.
# `Tests/CheckerTests` compares verdicts with and without the prefilter over the corpus, mixtures of it,
# and the standard library.


def _make_triggers():
    """The words that ask for a closer look, and those that do only beside one of some others.

    A member such as `urllib.request` is only reached from its module, and so with both words in the text.
    """
    words = ROOTS | LAZY.keys() | CORE | ALIASES.keys() | ESCAPES | LOADERS | LOOP_CALLS.keys()
    words |= TRACKED_BUILTINS - {"object", "type"}
    words |= {"__dict__", "__getattribute__", "attrgetter", "methodcaller", "get_field", "register",
              "eval_str", "extractall", "modules", "lib", "_evaluate", "sqlite3"}
    words -= {"sys"}
    pairs = {}
    followed = {"inspect.getmembers", "inspect.getattr_static", "inspect.signature", "yaml.load",
                "yaml.load_all"}
    followed |= PATHS | STREAM_CALLS | INSTANCE_METHODS.keys() | RESULTS.keys() | FILE_ARGUMENTS.keys()
    for name in [*RESTRICTED, *followed]:
        root, _, rest = name.partition(".")
        if rest:
            roots = pairs.setdefault(rest.rpartition(".")[2].encode(), set())
            roots.update(word.encode() for word, module in CARRIED.items() if module == root)
            roots.add(root.encode())
    return frozenset(word.encode() for word in words), pairs


TRIGGERS, PAIRED_TRIGGERS = _make_triggers()
# Of those that begin like `load_`, by which innocent code dispatches, none does harm on any object.
TELLING_NAMES = [word.decode() for word in TRIGGERS | PAIRED_TRIGGERS.keys()
                 if not word.startswith((b"make_", b"load_", b"take_"))] + sorted(PATH_TOUCHING)
ANY_TRIGGERS = TRIGGERS | PAIRED_TRIGGERS.keys()
SOFT_TRIGGERS = frozenset(word.encode() for word in SOFT_ROOTS)
_WORD_BYTES = bytes(
    byte if byte >= 128 or chr(byte).isalnum() or byte == 95 else 32 for byte in range(256))

CLEAN, SUSPICIOUS, ONLY_LIB = 0, 1, 2

_patterns = None


def patterns():
    """The compiled regular expressions, made on first need since importing `re` takes milliseconds."""
    global _patterns
    if _patterns is None:
        import re

        # Unrolled, since it runs over every character of the files it is asked about.
        text = "|".join((
            r"#[^\n]*",
            r'"""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"""',
            r"'''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'''",
            r'"[^"\\\n]*(?:\\.[^"\\\n]*)*"',
            r"'[^'\\\n]*(?:\\.[^'\\\n]*)*'"))
        names = rb"\w+(?:[ \t]+as[ \t]+\w+)?"
        _patterns = {
            "text": re.compile(b"(" + text.encode() + b")", re.DOTALL),
            "lib": re.compile(
                rb"^[ \t]*from[ \t]+(lib(?:\.\w+)*)[ \t]+import[ \t]+(?:\(([\w\s,]*)\)|("
                + names + rb"(?:[ \t]*,[ \t]*" + names + rb")*))[ \t]*$", re.MULTILINE),
            "cookie": re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]*)"),
            "cookies": re.compile(rb"coding[:=][ \t]*([-\w.]*)"),
            "width": re.compile(r"\d{4}"),
            "imports": re.compile(rb"\b(?:from|import)\b(?:[^\n;(\\]|\\\n|\([^)]*\))*"),
            "getattr": re.compile(
                rb"\bgetattr\([ \t]*([\w.]+)[ \t]*,[ \t]*[\"'](\w+)[\"'](?=[ \t]*[,)])"),
            "field": re.compile(r"\{[^{}]*?\b(" + "|".join(sorted(ESCAPES | LOADERS)) + r")\b"),
            "field parts": re.compile(r"[^.\[\]]+"),
        }
    return _patterns


def code_text(source):
    """The source without its strings and comments, or None where that is unsure or not ASCII.

    Strings with a prefix `f` stay, as they hold code. Exact for what compiles: read from the left,
    quotes and `#` outside of strings and comments can only start one.
    """
    if b"\r" in source:
        source = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    parts = patterns()["text"].split(source)
    kept = parts[0::2]
    bare = b" ".join(kept)
    if b'"' in bare or b"'" in bare or b"#" in bare:
        return None
    if b"f" in bare or b"F" in bare:
        for index in range(1, len(parts), 2):
            if parts[index - 1][-2:].lower().endswith((b"f", b"fr")) and parts[index][:1] != b"#":
                kept.append(parts[index])
        text = b" ".join(kept)
    else:
        text = bare
    return text if text.isascii() else None


def triggers_among(words):
    """The triggers in a set of words."""
    hits = ANY_TRIGGERS & words
    if not hits <= TRIGGERS:
        hits = {hit for hit in hits
                if hit in TRIGGERS or not PAIRED_TRIGGERS[hit].isdisjoint(words)}
    return hits


def may_break_rules(source, code):
    """What a compiled utility needs: nothing more, the full walk, or (with its `m`) nothing but that.

    Shared modules always take the walk: they are few, and relative imports and modules that they hand
    out show in no single word.
    """
    # `.compile(` can only be an attribute, and only that of builtins is restricted, a trigger itself;
    # `urllib.parse` computes; a colon and two slashes never stand in code.
    lean = source.replace(b".compile(", b" (").replace(b"urllib.parse", b" ").replace(b"http://", b" ")
    words = set(lean.translate(_WORD_BYTES).split())
    if not FORMATTING.isdisjoint(words) and formats_escapes(lean, code):
        return SUSPICIOUS, None
    hits = triggers_among(words)
    if not hits and source.isascii():
        return CLEAN, None
    if b"getattr" in words:
        # `getattr(x, "name")` is `x.name`, and judged like it.
        lean = patterns()["getattr"].sub(rb" \1 \2 ", lean)
    text = code_text(lean)
    if text is None:
        return SUSPICIOUS, None
    if not any(hit in text for hit in hits):
        return CLEAN, None
    hits = triggers_among(set(text.translate(_WORD_BYTES).split()))
    if not hits:
        return CLEAN, None
    if hits <= SOFT_TRIGGERS:
        imports = b" ".join(patterns()["imports"].findall(text)).translate(_WORD_BYTES).split()
        return (CLEAN if hits.isdisjoint(imports) else SUSPICIOUS), None
    if hits == {b"lib"}:
        modules = plain_lib_imports(text)
        if modules is not None:
            return ONLY_LIB, modules
    return SUSPICIOUS, None


def plain_lib_imports(text):
    """`m` of a file that names `lib` in nothing but plain `from lib... import ...` lines, else None."""
    matches = patterns()["lib"].findall(text)
    if len(matches) != text.translate(_WORD_BYTES).split().count(b"lib"):
        return None
    modules = set()
    for module, within, plain in matches:
        names = (within or plain).decode().replace("\n", " ").split(",")
        add_module(modules, module.decode())
        for name in names:
            if name.strip():
                add_module(modules, module.decode() + "." + name.split()[0])
    return modules


def add_module(modules, dotted):
    """Adds a module under `lib`, with the packages above it, whose `__init__` runs too."""
    if dotted != "lib" and not dotted.startswith("lib."):
        return
    while dotted:
        modules.add(dotted)
        dotted = dotted.rpartition(".")[0]


FORMATTING = frozenset((b"format", b"format_map", b"vformat"))
UNDERSCORES = (b"__", b'_"', b"_'", b"_\\", b"\\x5", b"\\13", b"\\u00", b"\\U0", b"\\N")
"""How a source can spell two underscores in a row within one string, or one at the end of it."""


def formats_escapes(source, code):
    """Whether a string of the file could be, or be a piece of, a format that walks dunder attributes.

    Pieces that are added up to `__globals__` either hold two underscores or end in one.
    """
    if not any(spelling in source for spelling in UNDERSCORES):
        return False
    stack = [code]
    while stack:
        for item in stack.pop().co_consts:
            if type(item) is str:
                if "__" in item or item.endswith("_"):
                    return True
            elif type(item) is CodeType:
                stack.append(item)
            elif type(item) is tuple and any(type(part) is str and "_" in part for part in item):
                return True
    return False


CodeType = type(formats_escapes.__code__)


# ----------------------------------------------------------------------
# Scopes
# ----------------------------------------------------------------------

MODULE, FUNCTION, CLASS, COMPREHENSION = "module", "function", "class", "comprehension"


class Scope:
    """One namespace of the file: what it binds, and from where."""

    __slots__ = ("kind", "parent", "bindings", "globals", "nonlocals", "deleted", "start")
    every = []  # of the file at hand: scopes and bindings hold each other, and no collector runs

    def __init__(self, kind, parent, start):
        Scope.every.append(self)
        self.kind = kind
        self.parent = parent
        self.bindings = {}
        self.globals = ()
        self.nonlocals = ()
        self.deleted = ()
        # The line of the outermost function around; 0 where code runs while the module is loaded.
        self.start = start


class Binding:
    """One place that binds a name: how, to what, and whether it certainly happens."""

    __slots__ = ("kind", "payload", "scope", "line", "certain")

    def __init__(self, kind, payload, scope, line, certain):
        self.kind = kind  # import, value, with, each, param, def, class, other
        self.payload = payload
        self.scope = scope  # where the payload is evaluated
        self.line = line
        self.certain = certain


class Unfoldable(Exception):
    """An expression that is no constant, as far as folding goes."""


# ----------------------------------------------------------------------
# The judge
# ----------------------------------------------------------------------
#
# Two passes. `collect` walks the tree once, in source order and parents before children, builds the
# scopes and lists the sites (names, attributes, calls, subscripts, imports). `run` then looks at every
# site, now that all bindings are known. An expression has a list of abstract values:
#
#     ("path", "logging.handlers")   a module, or the member of one, by its dotted name
#     ("builtin", "getattr")         a builtin of TRACKED_BUILTINS
#     ("instance", "pathlib.Path")   what calling that class gives
#     ("namespace", "logging")       a module's dict; "" is this file's own
#     ("loader",)                    a module's loader or spec
#     ("own", "def")                 a function of this file; "class": a class of it
#     ("function type",)             the class of such functions, of which `__globals__` is a member
#     ("descriptors",)               that class's dict
#
# Whatever is restricted is a finding where it is first reached, so that nothing derived from it needs
# following. What has to be followed are harmless modules, for nearly all of them carry `sys` or `os`.
# Where a module gets out of sight (into a container, an argument), attributes named like a core module
# become findings on any object of that file.


class Judge:
    """Applies the code rules to one file's tree."""

    def __init__(self, tree, lines, package):
        self.tree = tree
        self.lines = lines
        self.package = package
        self.findings = {}
        self.modules = set()
        self.sites = []
        self.module_scope = Scope(MODULE, None, 0)
        self.conditional = 0
        self.active_lines = []  # lines of module-level statements that may call this file's functions
        self.star_sources = []
        self.memo = {}
        self.active = {}  # id of a node being evaluated -> how deep
        self.cut = NO_CUT  # the depth of the outermost node that a cycle came back to
        self.attributes = {}  # attribute of `self` -> what is assigned to it: (node, scope)
        self.methods = set()  # names of functions that stand in classes
        self.calls_to_fold = 1_000
        self.texts_to_trace = 20_000
        self.plain_names = set()  # ids of names of attributes that a test around has shown to be no dunder
        self.guards = []  # the names that the tests around the node at hand are about
        self.opens_objects = False  # whether it takes attributes by computed names, or whole namespaces
        self.budget = 200_000  # evaluations after which cycles are no longer worth exactness
        self.unions = {}  # id of a list of bindings -> the values of all of them
        self.kept = []  # those lists, so that no other takes their id
        self.consumed = set()  # ids of nodes that an enclosing expression has judged
        self.followed = set()  # ids of nodes whose value goes to a name that is followed
        self.results = set()  # ids of nodes that a function returns or yields
        self.passive = set()  # ids of nodes that only name a type
        self.imported = set()  # restricted prefixes that an import statement was reported for
        self.lazy_imports = {}  # root of LAZY -> sites that stand or fall with its uses
        self.lazy_resolved = set()
        self.roots = set()  # first names of everything imported, and "Path" where that is named
        self.escaped = set()  # modules that got out of sight
        self.pending = []  # findings that hold only if a module did: (node, rule, hint, condition)
        self.dynamic_names = False
        self.string_sites = []
        self.keys = []  # what is looked up in objects of which nothing is known: (node, object, key, scope)
        self.streamed = set()  # ids of attributes whose call is known to stay in memory
        self.telling = TRACKED_BUILTINS | ESCAPES  # names that may have a value that is followed

    # ---- reporting ----

    def report(self, node, rule, hint):
        """Records a finding once a place and rule; a hint without a way out gets the rule's."""
        column = self.column(node.lineno, node.col_offset)
        if "; " not in hint:
            hint += f"; {WAY_OUT[rule]}"
        self.findings.setdefault((node.lineno, column, rule), hint)

    def report_name(self, node, name):
        """Reports an attribute's name that leads out of any object; whether it does."""
        if name in ESCAPES:
            self.report(node, EXEC, f"`{name}` leads to the interpreter's insides")
        elif name in LOADERS:
            self.report(node, OS, f"`{name}` imports modules by name")
        else:
            return False
        return True

    def suspect(self, node, rule, hint, condition):
        """Notes a finding that holds only under a condition on the whole file."""
        self.pending.append((node, rule, hint, condition))

    def column(self, line, offset):
        """The column in characters, from 1, of a byte offset in a line."""
        if 0 < line <= len(self.lines):
            return character_column(self.lines[line - 1], offset)
        return offset + 1

    def restricted(self, node, match):
        """Reports a restricted path by what `restriction` gave for it."""
        rule, does, prefix = match
        self.report(node, rule, f"`{prefix}` {does}")

    # ---- pass 1: scopes and sites ----

    def collect(self):
        """Builds scopes and sites."""
        for statement in self.tree.body:
            if is_active(statement):
                self.active_lines.append(statement.lineno)
            self.visit(statement, self.module_scope)

    def visit(self, node, scope):
        """Walks one node; nodes that bind or matter have a visitor of their own."""
        visitor = VISITORS.get(type(node))
        if visitor is not None:
            visitor(self, node, scope)
        elif node is not None:
            self.visit_children(node, scope)

    def visit_children(self, node, scope):
        """Walks all fields of a node in their order."""
        for field in FIELDS[type(node)]:
            value = getattr(node, field, None)
            if type(value) is list:
                for item in value:
                    self.visit(item, scope)
            elif value is not None:
                self.visit(value, scope)

    def visit_all(self, nodes, scope):
        """Walks a list of nodes."""
        for node in nodes:
            self.visit(node, scope)

    def bind(self, name, scope, kind, payload, line, certain=True, source=None):
        """Adds a binding to the scope that `name` belongs to when bound in `scope`."""
        source = source or scope
        target = scope
        if name in scope.globals:
            target, certain = self.module_scope, False
        elif name in scope.nonlocals:
            target = scope.parent
            while target.parent is not None and (
                    target.kind == CLASS or name not in target.bindings):
                target = target.parent
        certain = certain and not self.conditional
        binding = Binding(kind, payload, source, line, certain)
        if kind in TELLING_KINDS or type(payload) in EVALUATORS:
            self.telling.add(name)
        target.bindings.setdefault(name, []).append(binding)

    def follow(self, node, scope):
        """Marks a value as followed through the name it is bound to."""
        if scope.kind == CLASS:
            return
        self.followed.add(id(node))
        if isinstance(node, ast.IfExp):
            self.follow(node.body, scope)
            self.follow(node.orelse, scope)
        elif isinstance(node, ast.BoolOp):
            for value in node.values:
                self.follow(value, scope)
        elif isinstance(node, ast.NamedExpr):
            self.follow(node.value, scope)

    def bind_target(self, target, value, scope, kind="value"):
        """Binds an assignment's target, pairwise where both sides are written out."""
        if isinstance(target, ast.Name):
            if value is None:
                self.bind(target.id, scope, "other", None, target.lineno)
            else:
                if kind == "value":
                    self.follow(value, scope)
                self.bind(target.id, scope, kind, value, target.lineno)
        elif isinstance(target, (ast.Tuple, ast.List)):
            pairs = None
            if kind == "value" and isinstance(value, (ast.Tuple, ast.List)) \
                    and len(value.elts) == len(target.elts) \
                    and not any(isinstance(e, ast.Starred) for e in value.elts + target.elts):
                pairs = value.elts
            for index, element in enumerate(target.elts):
                self.bind_target(element, pairs[index] if pairs else None, scope)
        elif isinstance(target, ast.Starred):
            self.bind_target(target.value, None, scope)
        else:
            if isinstance(target, ast.Attribute) and value is not None \
                    and isinstance(target.value, ast.Name) and target.value.id == "self":
                self.attributes.setdefault(target.attr, []).append((value, scope))
            self.visit(target, scope)

    def visit_assign(self, node, scope):
        self.visit(node.value, scope)
        for target in node.targets:
            self.bind_target(target, node.value, scope)

    def visit_annotated(self, node, scope):
        self.visit_annotation(node.annotation, scope)
        if node.value is not None:
            self.visit(node.value, scope)
            self.bind_target(node.target, node.value, scope)
        elif isinstance(node.target, ast.Name):
            # Declares without binding: a local of its function, but no shadow of a builtin elsewhere.
            if scope.kind == FUNCTION:
                self.bind(node.target.id, scope, "other", None, node.lineno)
        else:
            self.visit(node.target, scope)

    def visit_augmented(self, node, scope):
        self.visit(node.value, scope)
        if isinstance(node.target, ast.Name):
            self.bind(node.target.id, scope, "other", None, node.lineno, certain=False)
        else:
            self.visit(node.target, scope)

    def visit_walrus(self, node, scope):
        self.visit(node.value, scope)
        target = scope
        while target.kind == COMPREHENSION:
            target = target.parent
        self.follow(node.value, target)
        self.bind(node.target.id, target, "value", node.value, node.lineno, certain=False, source=scope)

    def visit_delete(self, node, scope):
        for target in node.targets:
            for element in ast_elements(target):
                if isinstance(element, ast.Name):
                    owner = self.module_scope if element.id in scope.globals else scope
                    owner.deleted = (*owner.deleted, element.id)
                else:
                    self.visit(element, scope)

    def visit_annotation(self, node, scope):
        """Walks an annotation: evaluated as any expression, but a class named there is only a type."""
        if node is None:
            return
        stack = [node]
        while stack:
            part = stack.pop()
            self.passive.add(id(part))
            if isinstance(part, (ast.Subscript, ast.BinOp, ast.Tuple)):
                stack += children(part)
        self.visit(node, scope)

    def visit_function(self, node, scope):
        self.visit_all(node.decorator_list, scope)
        registered = any(is_register(decorator) for decorator in node.decorator_list)
        self.bind(node.name, scope, "def", node, node.lineno)
        if scope.kind == CLASS and METHOD_KINDS.issuperset(
                getattr(decorator, "id", "") for decorator in node.decorator_list):
            self.methods.add(node.name)
        inner = self.visit_parameters(node.args, scope, node.lineno, registered)
        self.visit_annotation(node.returns, scope)
        outer, self.conditional = (self.conditional, self.guards), 0
        self.guards = []
        self.visit_all(node.body, inner)
        self.conditional, self.guards = outer

    def visit_lambda(self, node, scope):
        inner = self.visit_parameters(node.args, scope, node.lineno, False)
        outer, self.conditional = self.conditional, 0
        self.visit(node.body, inner)
        self.conditional = outer

    def visit_parameters(self, arguments, scope, line, registered):
        """Walks defaults and annotations outside, binds the parameters in the new scope, returns it."""
        inner = Scope(FUNCTION, scope, scope.start or line)
        positional = arguments.posonlyargs + arguments.args
        defaults = [None] * (len(positional) - len(arguments.defaults)) + arguments.defaults
        every = list(zip(positional, defaults)) + list(zip(arguments.kwonlyargs, arguments.kw_defaults))
        every += [(argument, None) for argument in (arguments.vararg, arguments.kwarg) if argument]
        for argument, default in every:
            self.visit_annotation(argument.annotation, scope)
            if default is not None:
                self.visit(default, scope)
                self.follow(default, inner)
            if registered and isinstance(argument.annotation, ast.Constant):
                self.judge_string_annotation(argument.annotation)
            if argument.arg in ESCAPES and argument.arg[0] == "_":
                self.report_name(argument, argument.arg)  # `f(**vars(kind))` hands it in
            if default is not None or argument.annotation is not None:
                self.telling.add(argument.arg)
            inner.bindings[argument.arg] = [
                Binding("param", (default, argument.annotation), scope, line, True)]
        return inner

    def judge_string_annotation(self, node):
        """`functools.singledispatch` evaluates the annotations of what is registered with it."""
        if not isinstance(node.value, str):
            return
        try:
            tree = compile(node.value, "annotation", "eval", PyCF_ONLY_AST)
        except (SyntaxError, ValueError, MemoryError, RecursionError):
            return
        stack = [tree.body]
        while stack:
            part = stack.pop()
            if isinstance(part, ast.Call):
                self.report(node, EXEC, "`register` evaluates this annotation, and it calls something; "
                            "name the type itself")
                return
            stack += children(part)

    def visit_class(self, node, scope):
        self.visit_all(node.decorator_list, scope)
        self.visit_all(node.bases, scope)
        self.visit_all(node.keywords, scope)
        inner = Scope(CLASS, scope, scope.start)
        outer, self.conditional = self.conditional, 0
        self.visit_all(node.body, inner)
        self.conditional = outer
        self.bind(node.name, scope, "class", node, node.lineno)

    def visit_comprehension(self, node, scope):
        # A generator runs when it is consumed, which is later than it is written, but never before.
        inner = Scope(COMPREHENSION, scope, scope.start)
        mark = len(self.guards)
        for index, generator in enumerate(node.generators):
            self.visit(generator.iter, inner if index else scope)
            self.bind_target(generator.target, generator.iter, inner, "each")
            if index == 0:
                for binding in [b for bs in inner.bindings.values() for b in bs]:
                    binding.scope = scope
            for test in generator.ifs:
                self.visit(test, inner)
                self.guards += plain_names(test, True)
        if isinstance(node, ast.DictComp):
            self.visit(node.key, inner)
            self.visit(node.value, inner)
        else:
            self.visit(node.elt, inner)
        del self.guards[mark:]

    def visit_for(self, node, scope):
        self.visit(node.iter, scope)
        mark = len(self.guards)
        self.conditional += 1
        self.bind_target(node.target, node.iter, scope, "each")
        self.visit_all(node.body, scope)
        del self.guards[mark:]
        self.visit_all(node.orelse, scope)
        self.conditional -= 1

    def visit_if(self, node, scope):
        """What holds under the test holds in the branch, and what leaves the block holds after it."""
        mark = len(self.guards)
        self.conditional += 1
        self.visit(node.test, scope)
        self.guards += plain_names(node.test, True)
        self.visit_all(node.body, scope)
        del self.guards[mark:]
        self.guards += plain_names(node.test, False)
        self.visit_all(node.orelse, scope)
        if not isinstance(node.body[-1], (ast.Continue, ast.Return, ast.Raise, ast.Break)):
            del self.guards[mark:]
        self.conditional -= 1

    def visit_conditional(self, node, scope):
        mark = len(self.guards)
        self.conditional += 1
        self.visit_children(node, scope)
        self.conditional -= 1
        del self.guards[mark:]

    def visit_with(self, node, scope):
        for item in node.items:
            self.visit(item.context_expr, scope)
            if item.optional_vars is not None:
                self.bind_target(item.optional_vars, item.context_expr, scope, "with")
        # A context manager may swallow the exception that skips the rest of the body.
        self.conditional += 1
        self.visit_all(node.body, scope)
        self.conditional -= 1

    def visit_handler(self, node, scope):
        if node.type is not None:
            for element in as_list(getattr(node.type, "elts", node.type)):
                self.passive.add(id(element))
            self.visit(node.type, scope)
        if node.name:
            self.bind(node.name, scope, "handler", None, node.lineno, certain=False)
        self.visit_all(node.body, scope)

    def visit_global(self, node, scope):
        scope.globals = (*scope.globals, *node.names)

    def visit_nonlocal(self, node, scope):
        scope.nonlocals = (*scope.nonlocals, *node.names)

    def visit_match_name(self, node, scope):
        name = node.rest if isinstance(node, ast.MatchMapping) else node.name
        if name:
            self.bind(name, scope, "other", None, node.lineno, certain=False)
        self.visit_children(node, scope)

    def visit_match_mapping(self, node, scope):
        self.sites.append((node, scope))
        self.visit_match_name(node, scope)

    def visit_match_class(self, node, scope):
        self.passive.add(id(node.cls))
        self.sites.append((node, scope))
        self.visit_children(node, scope)

    def visit_import(self, node, scope):
        self.sites.append((node, scope))
        for alias in node.names:
            if alias.name == "*":
                continue
            path = self.import_path(node, alias)
            if isinstance(node, ast.Import) and not alias.asname:
                name = path = path.partition(".")[0]
            else:
                name = alias.asname or alias.name
            if scope.kind == CLASS:
                self.escaped.add(path)
            self.bind(name, scope, "import", path, node.lineno)

    def visit_site(self, node, scope):
        self.sites.append((node, scope))
        self.visit_children(node, scope)

    def visit_attribute(self, node, scope):
        self.sites.append((node, scope))
        if node.attr in NAMESPACE_ATTRIBUTES:
            self.opens_objects = True
        self.visit(node.value, scope)

    def visit_call(self, node, scope):
        self.sites.append((node, scope))
        function = node.func
        if isinstance(function, ast.Name) and function.id in ("isinstance", "issubclass") \
                and len(node.args) == 2:
            for element in as_list(getattr(node.args[1], "elts", node.args[1])):
                self.passive.add(id(element))
        if isinstance(function, ast.Name) and node.args:
            if self.guards and len(node.args) > 1 and getattr(node.args[1], "id", None) in self.guards:
                self.plain_names.add(id(node.args[1]))
            elif function.id in ("callable", "isinstance") and isinstance(node.args[0], ast.Call):
                self.plain_names.update(id(argument) for argument in node.args[0].args[1:2])
        self.visit_children(node, scope)

    def visit_result(self, node, scope):
        if node.value is not None:
            self.results.add(id(node.value))
            self.visit(node.value, scope)

    def visit_name(self, node, scope):
        if isinstance(node.ctx, ast.Load):
            self.sites.append((node, scope))
        elif isinstance(node.ctx, ast.Store):
            self.bind(node.id, scope, "other", None, node.lineno, certain=False)

    def visit_constant(self, node, scope):
        if isinstance(node.value, str) and "_" in node.value:
            self.string_sites.append((node, scope))

    def visit_operation(self, node, scope):
        if isinstance(node.op, (ast.Add, ast.Mod)):
            self.string_sites.append((node, scope))
        self.visit(node.left, scope)
        self.visit(node.right, scope)

    # ---- names ----

    def lookup(self, name, scope, line):
        """The bindings that `name` may have where it is read, and whether it may be the builtin."""
        start = scope
        while scope is not None and scope.kind != MODULE:
            if name in scope.globals:
                scope = self.module_scope
                break
            bound = scope.bindings.get(name)
            if bound is not None and name not in scope.nonlocals:
                if scope.kind != CLASS:
                    return bound, False
                if scope is start:
                    if name not in scope.deleted and any(b.certain and b.line < line for b in bound):
                        return bound, False
                    outer, builtin = self.lookup(name, scope.parent, line)
                    return bound + outer, builtin
            scope = scope.parent
        bound = self.module_scope.bindings.get(name)
        if bound is None:
            return [], True
        if name in self.module_scope.deleted:
            return bound, True
        return bound, not any(b.certain and self.is_bound_before(b, start, line) for b in bound)

    def is_bound_before(self, binding, scope, line):
        """Whether a module-level binding is there by the time that code in `scope` can run."""
        if not scope.start:
            return binding.line < line
        if binding.line <= scope.start:
            return True
        return not any(scope.start < active < binding.line for active in self.active_lines)

    def name_values(self, node, scope):
        """The values of a name."""
        if node.id not in self.telling and not self.star_sources:
            return []
        bound, builtin = self.lookup(node.id, scope, node.lineno)
        known = self.unions.get(id(bound))
        if known is None:
            known = dict.fromkeys(value for binding in bound for value in self.binding_values(binding))
            if len(bound) > 8 and self.cut == NO_CUT:  # once for all readers of a name that is bound over and over
                self.unions[id(bound)] = known
                self.kept.append(bound)
        values = list(known)
        if builtin:
            if node.id == "__builtins__":
                values.append(("path", "builtins"))
            elif node.id in LOADERS:
                values.append(("loader",))
            elif node.id in TRACKED_BUILTINS:
                values.append(("builtin", node.id))
            elif not bound:
                values += [("path", f"{source}.{node.id}") for source in self.star_sources]
        return values

    def binding_values(self, binding):
        """The values that a binding gives its name."""
        kind, payload = binding.kind, binding.payload
        if kind == "import":
            return [("path", payload)]
        if kind in ("value", "with"):
            return self.evaluate(payload, binding.scope)
        if kind in ("def", "class"):
            return [("own", kind)]
        if kind == "param":
            default, annotation = payload
            values = [] if default is None else list(self.evaluate(default, binding.scope))
            if annotation is not None:
                values += [("instance", value[1]) for value in self.evaluate(annotation, binding.scope)
                           if value[0] == "path" and is_followed_class(value[1])]
            return values
        if kind == "each" and isinstance(payload, (ast.Tuple, ast.List, ast.Set)):
            return [value for element in payload.elts for value in self.evaluate(element, binding.scope)]
        if kind == "each" and isinstance(payload, ast.Call) and getattr(payload.func, "id", "") == "map" \
                and payload.args:
            return [("instance", value[1]) for value in self.evaluate(payload.args[0], binding.scope)
                    if value[0] == "path" and is_followed_class(value[1])]
        return []

    # ---- abstract evaluation ----

    def evaluate(self, node, scope):
        """The values that an expression may have, as far as they are followed."""
        evaluator = EVALUATORS.get(type(node))
        if evaluator is None:
            return ()
        known = self.memo.get(id(node))
        if known is not None:
            return known
        depth = self.active.get(id(node))
        if depth is not None:  # a cycle such as `a = b; b = a` ends here, its other values come from above
            self.cut = min(self.cut, depth)
            return ()
        depth = self.active[id(node)] = len(self.active)
        known = tuple(dict.fromkeys(evaluator(self, node, scope)))
        del self.active[id(node)]
        self.budget -= 1
        if self.budget < 0 or len(known) > 64:
            known = known[:64]
            self.escaped.add("")  # too entangled to follow: as if a module had got out of sight
        # What was computed inside of a cycle lacks what its start has, so only the start is remembered.
        if self.cut >= depth or self.budget < 0:
            self.cut = NO_CUT
            self.memo[id(node)] = known
        return known

    def evaluate_union(self, node, scope):
        parts = node.values if isinstance(node, ast.BoolOp) else (node.body, node.orelse)
        return [value for part in parts for value in self.evaluate(part, scope)]

    def evaluate_inner(self, node, scope):
        return self.evaluate(node.value, scope)

    def evaluate_lambda(self, node, scope):
        return [("own", "def")]

    def evaluate_division(self, node, scope):
        if not isinstance(node.op, ast.Div):
            return []
        return [value for part in (node.left, node.right) for value in self.evaluate(part, scope)
                if value[0] == "instance" and value[1] in PATHS]

    def evaluate_attribute(self, node, scope):
        values = []
        for value in self.evaluate(node.value, scope):
            members = self.member(value, node.attr)
            values += members
            if value == ("path", "builtins") and members[0][0] in ("builtin", "loader"):
                self.lazy_resolved.add("builtins")  # the attribute is judged by itself
        if node.attr in LOADERS:
            values.append(("loader",))
        if not values and node.attr in self.attributes and is_own_object(node.value):
            values += [value for given, where in self.attributes[node.attr]
                       for value in self.evaluate(given, where) if value[0] == "instance"]
        return values

    def member(self, value, name):
        """The values of an attribute of a value."""
        kind = value[0]
        if kind == "path":
            return [self.path_member(value[1], name)]
        if kind == "loader":
            return [("loader",)] if name in ("loader", "__class__") else []
        if kind == "builtin" and name == "__self__":
            return [("path", "builtins")]
        if name == "__class__" and value == ("own", "def"):
            return [("function type",)]
        if name == "__dict__" and kind == "function type":
            return [("descriptors",)]
        if kind == "instance" and value[1] in PATHS and name in PATH_PURE:
            return [value]
        return []

    def path_member(self, base, name):
        """What `base.name` is, for the dotted name of a module or of something in one."""
        if name == "__dict__":
            return ("namespace", base)
        if name == "__builtins__":
            return ("path", "builtins")
        if name in LOADERS:
            return ("loader",)
        base = PRIVATE_HALVES.get(base, base)
        if base == "builtins":
            if name in TRACKED_BUILTINS:
                return ("builtin", name)
            return ("path", f"builtins.{name}")
        root = base.partition(".")[0]
        if name in ALIASES:
            alias = ALIASES[name]
            return ("builtin", "open") if alias == "builtins.open" else ("path", alias)
        if name in CORE or (root in STDLIB and name in ROOTS and name not in SOFT_ROOTS):
            # `asyncio.subprocess` and its like keep their own, equally restricted, name.
            return ("path", name)
        if root in STDLIB and name in CARRIED and (root not in ("typing", "http") or name == "types"):
            return ("path", CARRIED[name])
        if base == "uuid" and name == "platform":
            return ("path", name)
        return ("path", f"{base}.{name}")

    def evaluate_subscript(self, node, scope):
        values = []
        for value in self.evaluate(node.value, scope):
            if value[0] == "namespace" or value == ("path", "builtins") or value == ("path", "sys.modules"):
                for key in self.strings(node.slice, scope) or ():
                    values += self.namespace_item(value, key)
        if isinstance(node.value, (ast.Tuple, ast.List)):
            for element in node.value.elts:
                values += self.evaluate(element, scope)
        elif isinstance(node.value, ast.Dict):
            for element in node.value.values:
                values += self.evaluate(element, scope)
        return values

    def namespace_item(self, value, key):
        """What a module's dict, `__builtins__` or `sys.modules` holds under a key."""
        if value == ("path", "sys.modules"):
            return [("path", key)]
        if value[0] == "path" or value[1]:
            return [self.path_member(value[1], key)]
        if key == "__builtins__":
            return [("path", "builtins")]
        if key in LOADERS:
            return [("loader",)]
        bound = self.module_scope.bindings.get(key)
        if bound:
            return [item for binding in bound for item in self.binding_values(binding)]
        if key in TRACKED_BUILTINS:
            return [("builtin", key)]
        if key in ROOTS:
            return [("path", key)]
        return []

    def evaluate_call(self, node, scope):
        values = []
        for value in self.evaluate(node.func, scope):
            values += self.call_values(value, node, scope)
        function = node.func
        if isinstance(function, ast.Attribute):
            base = self.evaluate(function.value, scope)
            if function.attr in ITEM_CALLS and node.args:
                for value in base:
                    if value[0] == "namespace" or value in NAMESPACE_PATHS:
                        for key in self.strings(node.args[0], scope) or ():
                            values += self.namespace_item(value, key)
            elif function.attr == "__getattribute__":
                target, name = self.getattribute_parts(node, scope)
                values += self.getattr_values(target, name, scope)
            elif function.attr in LOADER_CALLS and node.args and ("loader",) in base:
                for name in self.strings(node.args[0], scope) or ():
                    values.append(("path", name))
            elif function.attr in PATH_PURE:
                values += [v for v in base if v[0] == "instance" and v[1] in PATHS]
        return values

    def call_values(self, value, node, scope):
        """What calling a value gives."""
        kind, name = value[0], value[1] if len(value) > 1 else None
        first = node.args[0] if node.args else None
        if value in IMPORTERS:
            names = self.import_names(value, node, scope)
            if value == ("path", "importlib.import_module"):
                return [("path", each) for each in names or ()]
            if len(node.args) > 3 or any(k.arg in ("fromlist", None) for k in node.keywords):
                return [("path", each) for each in names or ()]
            return [("path", each.partition(".")[0]) for each in names or ()]
        if kind == "builtin":
            if name in ("getattr",) and len(node.args) > 1:
                return self.getattr_values(first, node.args[1], scope)
            if name == "vars" and node.args:
                return [("namespace", v[1]) if v[0] == "path" else ("descriptors",)
                        for v in self.evaluate(first, scope) if v[0] in ("path", "function type")]
            if name == "type" and len(node.args) == 1 and self.is_function(first, scope):
                return [("function type",)]
            if name in ("globals", "vars", "locals") and not node.args:
                return [("namespace", "")]
            return []
        if kind == "path":
            if name == "operator.attrgetter" and len(node.args) == 1:
                return [("getter", each) for each in self.strings(first, scope) or ()]
            name = RESULTS.get(name, name)
            return [("instance", name)] if is_followed_class(name) else []
        if kind == "getter" and first is not None:
            values = self.evaluate(first, scope)
            for part in name.split("."):
                values = [item for each in values for item in self.member(each, part)]
            return values
        return []

    def is_function(self, node, scope):
        """Whether an expression is a function of this file or a builtin one, as far as its name tells."""
        if any(value == ("own", "def") or value[0] == "path" and is_function_path(value[1])
               for value in self.evaluate(node, scope)):
            return True
        if isinstance(node, ast.Name):
            return node.id in BUILTIN_FUNCTIONS and self.lookup(node.id, scope, node.lineno) == ([], True)
        if isinstance(node, ast.Attribute):
            base = node.value.func if isinstance(node.value, ast.Call) else node.value
            return node.attr in FUNCTION_ATTRIBUTES or node.attr in self.methods and (
                ("own", "class") in self.evaluate(base, scope) or is_own_object(base))
        if isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
            bound, _ = self.lookup(node.value.id, scope, node.lineno)
            items = bound[0].payload if len(bound) == 1 and bound[0].kind == "value" else None
            items = getattr(items, "elts", getattr(items, "values", ()))
            return isinstance(items, list) and any(
                ("own", "def") in self.evaluate(item, bound[0].scope) for item in items[:MAX_ITEMS])
        return False

    def getattr_values(self, target, name, scope):
        """What `getattr(target, name)` gives."""
        if target is None or name is None:
            return []
        values = []
        for value in self.evaluate(target, scope):
            for each in self.strings(name, scope) or ():
                values += self.member(value, each)
        return values

    def getattribute_parts(self, node, scope):
        """Object and name of a call of `__getattribute__`, bound or through `object` or `type`."""
        base = node.func.value
        if len(node.args) == 2:
            return node.args
        return (base, node.args[0]) if node.args else (None, None)

    def import_names(self, value, node, scope):
        """The modules that an importing call names, with what it takes from them; None if unknown."""
        argument = node.args[0] if node.args else next(
            (k.value for k in node.keywords if k.arg == "name"), None)
        if argument is None or isinstance(argument, ast.Starred):
            return None
        names = self.strings(argument, scope)
        if names is None:
            return None
        package = node.args[1] if len(node.args) > 1 else next(
            (k.value for k in node.keywords if k.arg == "package"), None)
        result = []
        for name in names:
            if name.startswith("."):
                packages = self.strings(package, scope) if package is not None else None
                if value != ("path", "importlib.import_module") or not packages:
                    return None
                level = len(name) - len(name.lstrip("."))
                for each in packages:
                    parts = each.split(".")
                    result.append(".".join(parts[:len(parts) - level + 1] + [name.lstrip(".")]))
            else:
                result.append(name)
        self.lazy_resolved.add("importlib")
        for name in result:
            add_module(self.modules, name)
        taken = node.args[3] if len(node.args) > 3 else next(
            (k.value for k in node.keywords if k.arg == "fromlist"), None)
        if taken is not None:
            try:
                for each in self.fold(taken, scope):
                    if isinstance(each, str) and restriction(f"{result[0]}.{each}"):
                        result.append(f"{result[0]}.{each}")
                    add_module(self.modules, f"{result[0]}.{each}")
            except (Unfoldable, TypeError):
                pass
        return result

    # ---- constants ----

    def strings(self, node, scope):
        """All strings that an expression may be, or None where that is not known."""
        try:
            return self.string_set(node, scope, 0)
        except Unfoldable:
            return None

    def string_set(self, node, scope, depth):
        if depth > 8:
            raise Unfoldable
        if isinstance(node, ast.IfExp):
            return self.string_set(node.body, scope, depth + 1) + \
                self.string_set(node.orelse, scope, depth + 1)
        if isinstance(node, ast.NamedExpr):
            return self.string_set(node.value, scope, depth + 1)
        if isinstance(node, ast.Name):
            bound, builtin = self.lookup(node.id, scope, node.lineno)
            if not bound or builtin and node.id in TRACKED_BUILTINS or self.is_unsteady(bound):
                raise Unfoldable
            result = []
            for binding in bound:
                if binding.kind == "value":
                    result += self.string_set(binding.payload, binding.scope, depth + 1)
                elif binding.kind == "each":
                    result += string_items(self.fold(binding.payload, binding.scope))
                else:
                    raise Unfoldable
            return result[:256]
        if isinstance(node, ast.Subscript) or isinstance(node, ast.Call) \
                and isinstance(node.func, ast.Attribute) and node.func.attr == "get" and node.args:
            table = node.value if isinstance(node, ast.Subscript) else node.func.value
            try:
                return [self.fold_string(node, scope)]
            except Unfoldable:
                table = self.fold(table, scope)
                if not isinstance(table, dict):
                    raise
                result = string_items(list(table.values()))
                if isinstance(node, ast.Call) and len(node.args) > 1:
                    result += self.string_set(node.args[1], scope, depth + 1)
                return result
        return [self.fold_string(node, scope)]

    def is_unsteady(self, bound):
        """Whether a name is bound in ways, or more often, than folding follows."""
        return len(bound) > 64 or any(binding.kind not in ("value", "each") for binding in bound)

    def fold_string(self, node, scope):
        value = self.fold(node, scope)
        if isinstance(value, str):
            return value
        raise Unfoldable

    def fold(self, node, scope, depth=0):
        """The constant that an expression is; raises `Unfoldable`."""
        if isinstance(node, ast.Constant):
            if isinstance(node.value, (str, bytes, int, list, tuple)):
                return node.value
            raise Unfoldable
        folder = FOLDERS.get(type(node))
        if folder is None or depth > 40:
            raise Unfoldable
        try:
            value = folder(self, node, scope, depth + 1)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError,
                UnicodeError, ZeroDivisionError, ArithmeticError):
            raise Unfoldable from None
        if isinstance(value, int) and abs(value) >= 1 << 64:
            raise Unfoldable
        if isinstance(value, (str, bytes, list, tuple)) and len(value) > MAX_FOLDED:
            raise Unfoldable
        return value

    def fold_name(self, node, scope, depth):
        bound, builtin = self.lookup(node.id, scope, node.lineno)
        if len(bound) == 1 and bound[0].kind == "value":
            return self.fold(bound[0].payload, bound[0].scope, depth)
        raise Unfoldable

    def fold_operation(self, node, scope, depth):
        left = self.fold(node.left, scope, depth)
        right = self.fold(node.right, scope, depth)
        operator = type(node.op)
        if operator is ast.Add:
            return left + right
        if operator is ast.Mod:
            if isinstance(left, (str, bytes)):
                check_width(left)
            return left % right
        if operator is ast.Mult:
            times = right if isinstance(right, int) else left
            if not isinstance(times, int) or times > 256:
                raise Unfoldable
            return left * right
        if isinstance(left, int) and isinstance(right, int):
            if operator is ast.Sub:
                return left - right
            if operator is ast.BitXor:
                return left ^ right
            if operator is ast.FloorDiv:
                return left // right
        raise Unfoldable

    def fold_negative(self, node, scope, depth):
        value = self.fold(node.operand, scope, depth)
        if isinstance(node.op, ast.USub) and isinstance(value, int):
            return -value
        raise Unfoldable

    def fold_sequence(self, node, scope, depth):
        if len(node.elts) > MAX_FOLDED:
            raise Unfoldable
        values = [self.fold(element, scope, depth) for element in node.elts]
        return tuple(values) if isinstance(node, ast.Tuple) else values

    def fold_dict(self, node, scope, depth):
        if len(node.keys) > MAX_FOLDED:
            raise Unfoldable
        return {self.fold(key, scope, depth): self.fold(value, scope, depth)
                for key, value in zip(node.keys, node.values) if key is not None or self.unfoldable()}

    def unfoldable(self):
        raise Unfoldable

    def fold_f_string(self, node, scope, depth):
        parts = []
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                value = self.fold(part.value, scope, depth)
                if part.format_spec is not None or part.conversion not in (-1, 115):
                    raise Unfoldable
                parts.append(str(value) if isinstance(value, (str, int)) else self.unfoldable())
            else:
                parts.append(self.fold(part, scope, depth))
        return "".join(parts)

    def fold_subscript(self, node, scope, depth):
        value = self.fold(node.value, scope, depth)
        if isinstance(node.slice, ast.Slice):
            bounds = [None if bound is None else self.fold(bound, scope, depth)
                      for bound in (node.slice.lower, node.slice.upper, node.slice.step)]
            return value[slice(*bounds)]
        return value[self.fold(node.slice, scope, depth)]

    def fold_comprehension(self, node, scope, depth):
        """`chr(c) for c in (...)`, the one comprehension that spells names."""
        if len(node.generators) != 1:
            raise Unfoldable
        generator = node.generators[0]
        items = self.fold(generator.iter, scope, depth)
        if generator.ifs or not isinstance(generator.target, ast.Name) or len(items) > 256:
            raise Unfoldable
        inner = Scope(COMPREHENSION, scope, scope.start)
        result = []
        for item in items:
            constant = ast.Constant(value=item, kind=None, lineno=node.lineno, col_offset=0)
            inner.bindings = {
                generator.target.id: [Binding("value", constant, scope, node.lineno, True)]}
            result.append(self.fold(node.elt, inner, depth))
        return result

    def fold_call(self, node, scope, depth):
        if any(isinstance(argument, ast.Starred) for argument in node.args):
            raise Unfoldable
        function, where = node.func, scope
        if isinstance(function, ast.Name):
            bound, _ = self.lookup(function.id, scope, node.lineno)
            if len(bound) == 1 and bound[0].kind in ("value", "def"):
                function, where = bound[0].payload, bound[0].scope
        if isinstance(function, (ast.Lambda, ast.FunctionDef)):
            return self.fold_own(node, function, where, scope, depth)
        if isinstance(function, ast.Name):
            return self.fold_builtin(node, function.id, where, scope, depth)
        if not isinstance(function, ast.Attribute):
            raise Unfoldable
        paths = [value[1] for value in self.evaluate(function, where) if value[0] == "path"]
        if len(paths) == 1 and paths[0] in DECODERS:
            if node.keywords:
                raise Unfoldable
            arguments = [self.fold(argument, scope, depth) for argument in node.args]
            return decode_constant(paths[0], arguments)
        name = function.attr
        if isinstance(function.value, ast.Name) and function.value.id in ("bytes", "bytearray") \
                and name == "fromhex":
            return bytes.fromhex(self.fold(node.args[0], scope, depth))
        base = self.fold(function.value, where, depth)
        if name not in FOLDED_METHODS or not isinstance(base, (str, bytes, dict)):
            raise Unfoldable
        if node.keywords and name != "format":
            raise Unfoldable
        arguments = [self.fold(argument, scope, depth) for argument in node.args]
        keywords = {keyword.arg or self.unfoldable(): self.fold(keyword.value, scope, depth)
                    for keyword in node.keywords}
        if name == "format":
            check_width(base)
            if "." in base and "{" in base or "[" in base:
                raise Unfoldable
        if name == "decode" and arguments and str(arguments[0]).lower() not in PLAIN_CODECS:
            return decode_constant("codecs.decode", [base, *arguments])
        if name in ("center", "ljust", "rjust", "zfill") and arguments[0] > MAX_FOLDED:
            raise Unfoldable
        return getattr(base, name)(*arguments, **keywords)

    def fold_own(self, node, function, where, scope, depth):
        """A call of a function of this file that does nothing but return an expression."""
        body = function.body
        if isinstance(body, list):
            body = body[-1].value if len(body) == 1 and isinstance(body[0], ast.Return) else None
        parameters = function.args.posonlyargs + function.args.args
        self.calls_to_fold -= 1
        if body is None or node.keywords or len(parameters) != len(node.args) or self.calls_to_fold < 0 \
                or function.args.vararg or function.args.kwonlyargs:
            raise Unfoldable
        inner = Scope(FUNCTION, where, node.lineno)
        for parameter, argument in zip(parameters, node.args):
            inner.bindings[parameter.arg] = [Binding("value", ast.Constant(
                value=self.fold(argument, scope, depth), kind=None, lineno=node.lineno, col_offset=0),
                where, node.lineno, True)]
        return self.fold(body, inner, depth)

    def fold_builtin(self, node, name, where, scope, depth):
        bound, _ = self.lookup(name, where, node.lineno)
        if bound or node.keywords:
            raise Unfoldable
        if name == "map" and len(node.args) == 2 and isinstance(node.args[0], ast.Name) \
                and node.args[0].id == "chr":
            return [chr(item) for item in self.fold(node.args[1], scope, depth)]
        arguments = [self.fold(argument, scope, depth) for argument in node.args]
        if name == "chr":
            return chr(*arguments)
        if name == "ord":
            return ord(*arguments)
        if name == "str":
            return str(*arguments)
        if name in ("bytes", "bytearray") and arguments and isinstance(arguments[0], (list, tuple, str)):
            return bytes(*arguments)
        if name in ("list", "tuple", "sorted"):
            return {"list": list, "tuple": tuple, "sorted": sorted}[name](*arguments)
        if name == "reversed":
            return list(reversed(*arguments))
        raise Unfoldable

    # ---- pass 2: sites ----

    def run(self):
        """Judges the file: fills `findings` and `modules`."""
        self.collect()
        self.find_stars()
        for node, scope in self.sites:
            if id(node) not in self.consumed:
                SITES[type(node)](self, node, scope)
        for root, sites in self.lazy_imports.items():
            if root not in self.lazy_resolved:
                rule, does = LAZY[root][:2]
                for node in sites:
                    self.report(node, rule, f"`{root}` {does}")
        for node, rule, hint, condition in self.pending:
            if condition in self.roots or condition == "" and self.escaped \
                    or condition == "files" and not FILE_MODULES.isdisjoint(self.escaped) \
                    or condition == "objects" and self.opens_objects \
                    or condition == "databases" and not DATABASES.isdisjoint(self.escaped):
                self.report(node, rule, hint)
        if self.opens_objects:
            for node, base, key, scope in self.keys:
                self.judge_key(node, base, key, scope)
        if self.dynamic_names:
            self.judge_strings()

    def find_stars(self):
        """Notes star imports first, as names before and after may come from them."""
        for node, scope in self.sites:
            if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                if self.import_source(node) not in self.star_sources:
                    self.star_sources.append(self.import_source(node))

    def consume(self, node):
        """Marks a chain of attributes, calls and subscripts as judged, not its arguments."""
        while True:
            self.consumed.add(id(node))
            if isinstance(node, ast.Call):
                node = node.func
            elif isinstance(node, (ast.Attribute, ast.Subscript, ast.NamedExpr)):
                node = node.value
            else:
                return

    def consume_all(self, node):
        """Marks an expression with all its parts as judged."""
        stack = [node]
        while stack:
            part = stack.pop()
            self.consumed.add(id(part))
            stack += children(part)

    # Imports.

    def import_source(self, node):
        """The dotted module that a `from` import names, with relative ones resolved."""
        module = node.module or ""
        if not node.level:
            return module
        parts = self.package[:max(0, len(self.package) - node.level + 1)]
        beyond = node.level > len(self.package)
        return ".".join(([] if beyond else parts) + ([module] if module else []))

    def import_path(self, node, alias):
        """The dotted path that one name of an import statement stands for."""
        if isinstance(node, ast.Import):
            return alias.name
        source = self.import_source(node)
        if node.level:
            # Below the repository's own packages nothing is a module of the standard library.
            return f"{source}.{alias.name}" if source else f"lib.{alias.name}"
        path = self.path_member(source, alias.name)
        if path[0] == "path" and source.partition(".")[0] not in ("lib", "utils"):
            return path[1]
        return f"{source}.{alias.name}"

    def judge_import(self, node, scope):
        if isinstance(node, ast.ImportFrom):
            source = self.import_source(node)
            add_module(self.modules, source)
            if node.level:
                for alias in node.names:
                    add_module(self.modules, f"{source}.{alias.name}" if source else alias.name)
                return
            match = restriction(source)
            if match:
                self.imported.add(match[2])
                self.restricted(node, match)
                return
        for alias in node.names:
            if isinstance(node, ast.Import):
                path = alias.name
                add_module(self.modules, path)
            else:
                path = f"{source}.{alias.name}"
                add_module(self.modules, path)
                if self.judge_imported_name(node, alias, source):
                    continue
                path = self.import_path(node, alias)
            root = path.partition(".")[0]
            self.roots.add("Path" if path in PATHS else root)
            if path in LAZY or path in LAZY_CALLS:
                self.lazy_imports.setdefault(root, []).append(alias)
                continue
            match = restriction(path)
            if match:
                self.imported.add(match[2])
                self.restricted(alias, match)
            elif root in LAZY:
                self.lazy_resolved.add(root)

    def judge_imported_name(self, node, alias, source):
        """Reports `from x import y` where `y` is what gives it away; whether it did."""
        name = alias.name
        if name == "*" and source in LAZY:
            rule, does = LAZY[source][:2]
            self.report(node, rule, f"`{source}` {does}")
        elif name == "__builtins__" or ALIASES.get(name) == "builtins":
            self.report(alias, EXEC, f"`{name}` holds every builtin")
        elif name in BUILTIN_RULES and source == "builtins" or ALIASES.get(name) == "builtins.open":
            self.lazy_resolved.add("builtins")
            self.judge_builtin(alias, name if name in BUILTIN_RULES else "open")
        elif name == "__dict__":
            self.report(alias, EXEC, "a module's namespace as a whole reaches every builtin")
        else:
            return self.report_name(alias, name)
        return True

    # Names and attributes.

    def judge_name(self, node, scope):
        if node.id not in self.telling and not self.star_sources:
            return
        if node.id in ESCAPES and node.id not in TRACKED_BUILTINS and not self.star_sources \
                and not self.lookup(node.id, scope, node.lineno)[0]:
            self.report_name(node, node.id)
        for value in self.name_values(node, scope) if node.id in TRACKED_BUILTINS \
                else self.evaluate(node, scope):
            self.judge_value(node, value, scope)

    def judge_attribute(self, node, scope):
        values = self.evaluate(node, scope)
        if node.attr in ESCAPES and self.judge_escape(node, scope):
            return
        base = self.evaluate(node.value, scope)
        if node.attr in ("format", "format_map"):
            self.judge_format(node, node.value, scope)
        for value in base:
            if value[0] == "instance":
                self.judge_method(node, value[1])
        if values:
            self.consume_base(node)
            for value in values:
                self.judge_value(node, value, scope)
        elif ("loader",) in base:
            self.consume_base(node)
            self.report(node, OS, "a module's loader imports by name")
        elif not base:
            self.judge_unknown_attribute(node, scope)

    def consume_base(self, node):
        """Marks the chain below an attribute as judged, with literals it starts from."""
        base = node.value if isinstance(node, (ast.Attribute, ast.Subscript)) else node
        self.consume(base)
        while isinstance(base, (ast.Attribute, ast.Subscript, ast.Call, ast.NamedExpr)):
            base = base.func if isinstance(base, ast.Call) else base.value
        if isinstance(base, (ast.IfExp, ast.BoolOp)):
            self.consume_all(base)

    def judge_escape(self, node, scope):
        """Reports an attribute that leads out of any object; whether it did."""
        if node.attr == "__subclasses__" and isinstance(node.value, ast.Name):
            bound, builtin = self.lookup(node.value.id, scope, node.lineno)
            if bound and not builtin and all(binding.kind == "class" for binding in bound):
                return False  # the subclasses of a class of this file are its own
        if isinstance(node.ctx, ast.Store) and not node.attr.startswith("__"):
            return False  # an object of one's own with such an attribute
        self.consume_base(node)
        return self.report_name(node, node.attr)

    def judge_method(self, node, path):
        """Reports methods of followed instances that touch files."""
        name = node.attr
        if path in PATHS and name in PATH_TOUCHING:
            self.report(node, FS, f"`Path.{name}` touches the file system; compute with "
                        "`pathlib.PurePosixPath`, and take the content through `data`")
        elif name in INSTANCE_METHODS.get(path, ()) and id(node) not in self.streamed:
            kind = path.rpartition(".")[2] if path[-4:] != "open" else "TarFile"
            if path in DATABASE_CALLS:
                self.report(node, OS, f"`{name}` loads native code")
            else:
                self.report(node, FS, f"`{kind}.{name}` {METHOD_HINTS.get(name, 'works on files')}")

    def judge_unknown_attribute(self, node, scope):
        """Looks at an attribute of an object of which nothing is known."""
        name = node.attr
        if name in PATH_TELLING and name not in ("open", "exists", "stat", "unlink", "touch"):
            self.suspect(node, FS, f"`.{name}` touches the file system on a path", "Path")
        if name == "extractall":
            for root in ("zipfile", "tarfile"):
                self.suspect(node, FS, "`extractall` writes files; read the members in memory", root)
        if name == "_evaluate" and not is_own_object(node.value):
            self.suspect(node, EXEC, "`_evaluate` runs the text of a forward reference", "typing")
        if name == "connect":
            self.suspect(node, FS, "`.connect` may open a database: this file hands `sqlite3` on as a "
                                 "value", "databases")
        elif name in ("enable_load_extension", "load_extension"):
            self.suspect(node, OS, f"`{name}` loads native code", "sqlite3")
        if name in LOOP_CALLS:
            rule, does = LOOP_CALLS[name]
            self.suspect(node, rule, f"`{name}` {does}", "asyncio")
        if name == "get_field":
            self.suspect(node, EXEC, "`Formatter.get_field` walks attributes by their names",
                         "string")
        if name == "__dict__" or name == "__getattribute__":
            return
        if name == "obj" and isinstance(node.value, ast.Name):
            bound, _ = self.lookup(node.value.id, scope, node.lineno)
            if any(binding.kind == "handler" for binding in bound):
                self.escaped.add("")  # `AttributeError.obj` hands out the module that was asked
        if name in CORE or name in ALIASES or name == "modules":
            path = ALIASES.get(name, name)
            match = restriction("sys.modules" if name == "modules" else path)
            rule = match[0] if match else LAZY[path][0] if path in LAZY else FS if "open" in path else OS
            if path != "sys":
                self.suspect(node, rule, f"`.{name}` may be the module: this file hands a module "
                                     "on as a value", "")
        elif name == "open":
            self.suspect(node, FS, "`.open` may open files: this file hands a module on as a "
                                 "value", "files")

    def judge_value(self, node, value, scope):
        """Judges a reference that no enclosing expression has made sense of."""
        kind = value[0]
        if kind == "path":
            self.judge_path(node, value[1])
        elif kind == "builtin":
            self.judge_builtin(node, value[1])
        elif kind == "namespace":
            if id(node) not in self.followed and (value[1] or not is_local_call(node, scope)):
                self.report(node, EXEC, "a module's namespace as a whole reaches every builtin")
        elif kind == "loader" and id(node) not in self.followed:
            self.report(node, OS, "a module's loader imports by name")
        elif kind == "descriptors":
            self.report(node, EXEC, "what functions have in common reaches the globals of each")

    def judge_path(self, node, path):
        """Judges a reference to a module or to something in one."""
        match = restriction(path)
        if match:
            if match[2] in self.imported:
                return
            if id(node) in self.passive and match[2] in TYPE_ONLY:
                return
            self.restricted(node, match)
            return
        root = path.partition(".")[0]
        if path in LAZY:
            if id(node) not in self.followed:
                if path == "http":
                    self.lazy_resolved.discard(root)
                    return
                rule, does = LAZY[path][:2]
                self.report(node, rule, f"`{path}` {does}")
                self.lazy_resolved.add(root)
            else:
                self.lazy_imports.setdefault(root, []).append(node)
            return
        if root in LAZY:
            if path in LAZY_CALLS:
                if id(node) in self.followed:
                    self.lazy_imports.setdefault(root, []).append(node)
                else:
                    self.report(node, OS, f"`{path}` imports modules by name")
            self.lazy_resolved.add(root)
            return
        if path in STREAM_CALLS:
            if id(node) not in self.followed and id(node) not in self.passive \
                    and not isinstance(getattr(node, "ctx", None), ast.Store):
                self.report(node, FS, f"`{path}` opens a file by its name")
            return
        base, _, last = path.rpartition(".")
        if last in INSTANCE_METHODS.get(base, ()) and id(node) not in self.streamed:
            self.report(node, FS, f"`{path}` works on files")
            return
        if path in PATHS:
            self.roots.add("Path")
        if base in PATHS and last in PATH_TOUCHING:
            self.report(node, FS, f"`Path.{last}` touches the file system; compute with "
                        "`pathlib.PurePosixPath`, and take the content through `data`")
        elif path in ("operator.attrgetter", "operator.methodcaller"):
            self.dynamic_names = self.opens_objects = True
        elif id(node) not in self.followed and is_module(path):
            self.escaped.add(path)
            if id(node) in self.results and self.package[:1] == ["lib"]:
                self.report(node, OS, f"a shared module hands out `{path}`, which carries more modules; "
                            "hand out what it computes")

    def judge_builtin(self, node, name):
        """Judges a reference to a builtin itself."""
        if name in BUILTIN_RULES:
            rule, does = BUILTIN_RULES[name]
            self.report(node, rule, f"`{name}` {does}")
        elif name == "__import__":
            if id(node) in self.followed:
                self.lazy_imports.setdefault("importlib", []).append(node)
            else:
                self.report(node, OS, "`__import__` imports modules by name")
        elif name == "globals" and id(node) not in self.followed:
            self.report(node, EXEC, "`globals` reaches every builtin")
        elif name in ("getattr", "vars") and id(node) not in self.followed:
            self.dynamic_names = self.opens_objects = True
            self.suspect(node, EXEC, f"`{name}` is handed on and so is a module, so that what it "
                                 "takes is not known", "")

    # Calls.

    def judge_call(self, node, scope):
        function = node.func
        if isinstance(function, ast.Attribute) and function.attr in STREAM_METHODS \
                and node.args and self.is_in_memory(node.args[0], scope):
            self.streamed.add(id(function))
        for value in self.evaluate(function, scope):
            self.judge_called(node, value, scope)
        if len(node.args) > 1 and ("builtin", "getattr") in self.evaluate(node.args[0], scope):
            self.judge_getattr_handed_on(node, scope)
        elif node.args and isinstance(function, ast.Call) \
                and ("path", "operator.attrgetter") in self.evaluate(function.func, scope) \
                and self.is_function(node.args[0], scope):
            self.judge_getattr(node, node.args[0], function.args[0] if function.args else function, scope)
        elif isinstance(function, ast.Name):
            self.judge_item_alias(node, function, scope)
        values = self.evaluate(node, scope)
        if isinstance(function, ast.Attribute):
            self.judge_method_call(node, function, scope)
        for value in values:
            if value[0] == "path" and id(node) not in self.consumed:
                # What an import, a `getattr` or a lookup resolved to.
                self.judge_path(node, value[1])
            elif value[0] in JUDGED_RESULTS and id(node) not in self.consumed:
                self.judge_value(node, value, scope)
        for keyword in node.keywords:
            if keyword.arg == "eval_str":
                self.report(keyword.value, EXEC, "`eval_str` evaluates annotations")

    def judge_called(self, node, value, scope):
        """Judges what a call does, by what is called."""
        kind, name = value[0], value[1] if len(value) > 1 else None
        if value in IMPORTERS:
            self.consume(node.func)
            self.lazy_resolved.add("importlib")
            names = self.import_names(value, node, scope)
            if names is None:
                self.report(node, OS, f"the module that `{name.rpartition('.')[2]}` imports is not a "
                            "constant; name it in an `import` statement")
            for each in names or ():
                match = restriction(each)
                if match and each.partition(".")[0] not in self.imported:
                    self.restricted(node, match)
                elif each in LAZY and id(node) not in self.followed:
                    rule, does = LAZY[each][:2]
                    self.report(node, rule, f"`{each}` {does}")
        elif value == ("builtin", "getattr"):
            self.consume(node.func)
            if len(node.args) > 1 and not any(isinstance(a, ast.Starred) for a in node.args):
                if not isinstance(node.args[1], ast.Constant):
                    self.opens_objects = True
                self.judge_getattr(node, node.args[0], node.args[1], scope)
            else:
                self.dynamic_names = True
        elif kind == "builtin" and name in ("globals", "locals", "vars"):
            self.consume(node.func)
            self.opens_objects = self.opens_objects or name == "vars"
        elif kind == "path" and name in STREAM_CALLS:
            self.judge_stream_call(node, name, scope)
        elif kind == "path" and name in FILE_ARGUMENTS:
            self.judge_file_arguments(node, name, scope)
        elif kind == "path" and name in ("operator.attrgetter", "operator.methodcaller"):
            self.opens_objects = True
            self.judge_getter(node, name, scope)
        elif kind == "path" and name in ("operator.itemgetter", "operator.getitem"):
            self.keys += [(node, node.func, argument, scope) for argument in node.args]
        elif kind == "path" and name in ("inspect.getmembers", "inspect.getattr_static") and node.args:
            self.opens_objects = True
            if any(item != ("own", "class") for item in self.evaluate(node.args[0], scope)):
                self.report(node, EXEC, f"`{name}` takes a module's members by name")
        elif kind == "path" and name in ("inspect.signature", "inspect.Signature.from_callable"):
            for keyword in node.keywords:
                if keyword.arg is None:
                    self.report(keyword.value, EXEC, "`eval_str`, which may be among these, evaluates "
                                "annotations")
        elif kind == "path" and name in ("yaml.load", "yaml.load_all"):
            loaders = node.args[1:] + [k.value for k in node.keywords if k.arg == "Loader"]
            if not any("Safe" in getattr(a, "attr", getattr(a, "id", "")) for a in loaders):
                self.report(node, EXEC, f"`{name}` makes any object that the text asks for; use "
                            "`yaml.safe_load`")

    def judge_getattr(self, node, target, name, scope):
        """Judges `getattr(target, name)` in any of its spellings."""
        values = self.evaluate(target, scope)
        names = self.strings(name, scope)
        reaches = [value for value in values if value[0] not in ("instance", "own")]
        if names is None:
            if self.is_harmless_prefix(name, scope):
                if reaches:
                    self.consume_target(target)
            elif not reaches and not self.is_plain_name(name, scope) and (
                    self.is_function(target, scope) or self.is_spelled(name, scope)
                    or ("own", "class") in values and self.is_listed(name, scope)):
                self.report(node, EXEC, f"the attribute taken from `{ast_text(target)}` is computed, so it "
                            "may be one that leads to the interpreter's insides; name it")
            elif reaches:
                what = ast_text(target)
                self.consume_target(target)
                self.report(node, EXEC, f"the attribute taken from `{what}` is not a constant, so it may "
                            "be any builtin; name it, or look it up in a dict of your own")
            elif any(value[0] == "instance" and value[1] in PATHS for value in values):
                self.report(node, FS, "the method taken from a path is not a constant, so it may touch "
                            "the file system; name it")
            else:
                self.dynamic_names = True
                self.suspect(node, EXEC, "the attribute taken here is not a constant, and this "
                                     "file hands a module on as a value", "")
            return
        if reaches:
            self.consume_target(target)
        for each in names:
            if self.report_name(node, each):
                continue
            if each in NAMESPACE_ATTRIBUTES:
                self.opens_objects = True
            if ("loader",) in values:
                self.report(node, OS, "a module's loader imports by name")
            elif not values:
                self.judge_unknown_attribute(
                    attribute_at(node, target, each), scope)
            for value in values:
                if value[0] == "instance":
                    self.judge_method(ast.Attribute(value=target, attr=each, ctx=ast.Load(),
                                                    lineno=node.lineno, col_offset=node.col_offset),
                                      value[1])

    def judge_item_alias(self, node, function, scope):
        """Judges `get("__globals__")` where `get` is the method of some mapping."""
        if node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value in ESCAPES:
            bound, _ = self.lookup(function.id, scope, function.lineno)
            if any(isinstance(binding.payload, ast.Attribute) and binding.payload.attr in ITEM_CALLS
                   for binding in bound):
                self.keys.append((node, function, node.args[0], scope))

    def judge_getattr_handed_on(self, node, scope):
        """Judges `partial(getattr, f)` and `map(getattr, [f], names)`, which take something of a function."""
        for argument in node.args[1:]:
            for item in getattr(argument, "elts", (argument,)):
                if self.is_function(item, scope):
                    self.report(node, EXEC, "`getattr` is handed on with a function, of which it may take "
                                "what leads to the interpreter's insides; name it")

    def is_plain_name(self, name, scope):
        """Whether a computed name is certainly no dunder: a test shows it, or its letters are capitals."""
        if isinstance(name, ast.Call) and isinstance(name.func, ast.Attribute):
            return name.func.attr in ("upper", "title", "capitalize")
        return id(name) in self.plain_names and (
            not isinstance(name, ast.Name) or len(self.lookup(name.id, scope, name.lineno)[0]) == 1)

    def is_listed(self, name, scope):
        """Whether a name runs through all names that an object has."""
        bound = self.lookup(name.id, scope, name.lineno)[0] if isinstance(name, ast.Name) else ()
        return any(isinstance(part, ast.Call) and getattr(part.func, "id", "") == "dir"
                   for binding in bound if binding.kind == "each" for part in all_parts([binding.payload]))

    def is_spelled(self, node, scope, depth=0):
        """Whether a text that folding does not follow is decoded from constants of the file alone."""
        self.texts_to_trace -= 1
        if self.texts_to_trace < 0:
            return True  # nobody names attributes in so many steps
        spells = False
        own = {argument.arg for part in all_parts([node]) if isinstance(part, ast.Lambda)
               for argument in part.args.args}
        own.update(element.id for part in all_parts([node]) if isinstance(part, ast.comprehension)
                   for element in ast_elements(part.target) if isinstance(element, ast.Name))
        for part in all_parts([node]):
            if isinstance(part, ast.Call):
                spells = spells or any(self.spells(called, scope) for called in (part.func, *part.args[:1]))
            elif isinstance(part, ast.Name) and part.id not in own:
                bound, builtin = self.lookup(part.id, scope, part.lineno)
                if not bound and part.id in BUILTIN_CALLABLES:
                    continue
                kind = bound[0].kind if len(bound) == 1 and depth < 5 else None
                if kind == "value":
                    if isinstance(bound[0].payload, (ast.Constant, ast.Attribute, ast.Lambda)):
                        continue
                    if not self.is_spelled(bound[0].payload, bound[0].scope, depth + 1):
                        return False
                    spells = True
                elif kind not in ("def", "import"):
                    return False
        return spells

    def spells(self, function, scope):
        """Whether a callable, by its name or by what a function of this file calls, decodes."""
        parts = (function,)
        if isinstance(function, ast.Name):
            bound, _ = self.lookup(function.id, scope, function.lineno)
            if len(bound) == 1 and bound[0].kind == "import":
                return bound[0].payload.rpartition(".")[2] in SPELLING
            if len(bound) == 1 and bound[0].kind in ("value", "def"):
                parts = all_parts(as_list(getattr(bound[0].payload, "body", bound[0].payload)))
        elif isinstance(function, ast.Lambda):
            parts = all_parts([function.body])
        elif not isinstance(function, ast.Attribute):
            return False
        return any(getattr(part, "attr", getattr(part, "id", "")) in SPELLING for part in parts)

    def is_harmless_prefix(self, name, scope):
        """Whether a computed name starts with constant text that no telling name starts with."""
        if isinstance(name, ast.JoinedStr) and name.values:
            name = name.values[0]
        while isinstance(name, ast.BinOp) and isinstance(name.op, ast.Add):
            name = name.left
        try:
            text = self.fold(name, scope)
        except Unfoldable:
            return False
        return isinstance(text, str) and len(text) > 2 and not any(
            telling.startswith(text) for telling in TELLING_NAMES)

    def consume_target(self, target):
        """Marks an argument that has been judged together with its call, and what it resolved."""
        for value in self.memo.get(id(target), ()):
            if value[0] == "path":
                self.lazy_resolved.add(value[1].partition(".")[0])
        self.consume(target)

    def judge_getter(self, node, getter, scope):
        """Judges `operator.attrgetter` and `methodcaller` by the names they are made with."""
        self.consume(node.func)
        names = []
        for argument in node.args if getter == "operator.attrgetter" else node.args[:1]:
            each = self.strings(argument, scope)
            if each is None and self.is_spelled(argument, scope):
                self.report(node, EXEC, "the attribute taken here is spelled by a computation; name it")
            elif each is None:
                self.dynamic_names = True
                self.suspect(node, EXEC, "the attribute taken here is not a constant, and this "
                                     "file hands a module on as a value", "")
            else:
                names += each
        for name in names:
            parts = name.split(".")
            if not ESCAPES.isdisjoint(parts) or not LOADERS.isdisjoint(parts):
                self.report(node, EXEC, f"`{name}` leads to the interpreter's insides")
            elif len(parts) > 1 and (parts[0] in CORE or parts[0] in ALIASES):
                path = ALIASES.get(parts[0], parts[0]) + "." + ".".join(parts[1:])
                match = restriction(path)
                if match:
                    self.restricted(node, match)
            else:
                self.judge_unknown_attribute(
                    attribute_at(node, node, parts[-1]), scope)

    def judge_method_call(self, node, function, scope):
        """Judges calls that are told by the attribute that is called."""
        name = function.attr
        base = self.evaluate(function.value, scope)
        if name == "__getattribute__":
            target, attribute = self.getattribute_parts(node, scope)
            if target is not None:
                self.consume(function)
                self.judge_getattr(node, target, attribute, scope)
        elif name in LOADER_CALLS and ("loader",) in base:
            self.consume(function)
            names = self.strings(node.args[0], scope) if node.args else None
            if names is None:
                self.report(node, OS, "the module that this loader loads is not a constant; name it in "
                            "an `import` statement")
            for each in names or ():
                match = restriction(each) or (OS, "is loaded past the import rules", each)
                self.restricted(node, match)
        elif name in ("format", "format_map", "vformat"):
            # `str.format(text, ...)` and `string.Formatter().format(text, ...)` take it as an argument.
            if not isinstance(function.value, ast.Constant):
                for text in node.args[:1] + [k.value for k in node.keywords if k.arg == "format_string"]:
                    self.judge_format(node, text, scope)
        else:
            for value in base:
                if value[0] == "namespace" or value in NAMESPACE_PATHS:
                    self.judge_namespace_call(node, value, scope)
            if name in ("startswith", "endswith") and node.args:
                self.judge_fragment(node, node.args[0], is_fragment, scope)
            if name in ("execute", "executescript") and node.args:
                for text in self.strings(node.args[0], scope) or ():
                    if any(word in text.lower() for word in ("attach ", "vacuum into")):
                        self.suspect(node, FS, "`ATTACH` and `VACUUM INTO` open a database by its name",
                                     "sqlite3")
            if name in ITEM_CALLS and node.args:
                unbound = isinstance(function.value, ast.Name) and function.value.id == "dict"
                self.keys += [(node, function.value, key, scope) for key in node.args[unbound:unbound + 1]]

    def judge_namespace_call(self, node, value, scope):
        """Judges a method of a module's dict, of `__builtins__` or of `sys.modules`."""
        name = node.func.attr
        if name not in ("get", "pop", "setdefault", "__getitem__", "__contains__", "items", "keys",
                        "values", "update", "copy", "__setitem__"):
            return
        keys = self.strings(node.args[0], scope) if node.args else None
        self.consume(node.func)
        if name in ITEM_CALLS and keys is not None:
            self.judge_keys(node, value, keys, scope)
        elif name != "__contains__":
            self.judge_open_namespace(node, value)

    def judge_open_namespace(self, node, value):
        """Reports a namespace whose item is not known."""
        if value == ("path", "sys.modules"):
            self.report(node, OS, "`sys.modules` holds every imported module, and the key is not a "
                        "constant; name the module in an `import` statement")
        else:
            self.lazy_resolved.add("builtins")
            self.report(node, EXEC, "the name looked up in this namespace is not a constant, so it may be "
                        "any builtin; use a dict of your own")

    def judge_keys(self, node, value, keys, scope):
        """Judges constant keys of a namespace."""
        for key in keys:
            if value == ("path", "sys.modules"):
                match = restriction(key)
                if key == "builtins":
                    if id(node) not in self.followed:
                        self.report(node, EXEC, "`builtins` holds every builtin")
                else:
                    self.restricted(node, match or restriction("sys.modules"))
                continue
            self.lazy_resolved.add("builtins")
            for item in self.namespace_item(value, key):
                self.judge_value(node, item, scope)

    def judge_stream_call(self, node, name, scope):
        """Judges a callable that takes a file's name or a stream."""
        self.consume(node.func)
        streams = node.args[:1] + [k.value for k in node.keywords if k.arg in STREAM_KEYWORDS]
        if name in BOTH_STREAMS or len(node.args) > 2 and name in (
                "tarfile.TarFile", "tarfile.open", "tarfile.TarFile.open", "gzip.GzipFile"):
            streams = node.args[:1] + node.args[1 if name in BOTH_STREAMS else 2:] + streams[1:]
        known = [self.is_in_memory(stream, scope) for stream in streams]
        if name in DATABASE_CALLS:
            known = [set(self.strings(stream, scope) or ("",)) <= IN_MEMORY for stream in streams]
        if any(known) and (all(known) or name not in BOTH_STREAMS):
            return
        self.report(node, FS, f"`{name}` opens a file by its name")

    def is_in_memory(self, node, scope):
        """Whether an expression is known to be a stream in memory, or one of the process's own."""
        return any(value[0] == "instance" and value[1] in STREAMS
                   or value[0] == "path" and value[1].removesuffix(".buffer") in OWN_STREAMS
                   for value in self.evaluate(node, scope))

    def judge_file_arguments(self, node, name, scope):
        """Judges a callable that touches files by some of its arguments."""
        if name == "imghdr.what" and (len(node.args) > 1 or any(k.arg == "h" for k in node.keywords)):
            return  # looks at the bytes it is given
        start, keywords = FILE_ARGUMENTS[name]
        handed = node.args[start:] if start is not None else []
        handed += [k.value for k in node.keywords if k.arg in keywords or k.arg is None]
        for argument in handed:
            if not self.is_in_memory(argument, scope) and getattr(argument, "value", "") is not None:
                self.report(argument, FS, f"`{name}` opens files with this argument; leave it out")

    def judge_fragment(self, node, text, tells, scope):
        """Notes a comparison of a name with an escape's, in a file that opens objects."""
        if isinstance(text, ast.Constant) and isinstance(text.value, str) and tells(text.value):
            self.suspect(node, EXEC, f"`{text.value}` picks a name that leads to the interpreter's insides; "
                                 "name what is taken", "objects")

    def judge_key(self, node, base, key, scope):
        """Judges a key of an object of which nothing is known, in a file that opens objects."""
        if isinstance(base, ast.Name):
            bound, _ = self.lookup(base.id, scope, base.lineno)
            base = bound[0].payload if len(bound) == 1 and bound[0].kind == "value" else base
        keys = self.strings(key, scope)
        if isinstance(base, ast.Dict):
            own = {getattr(each, "value", None) for each in base.keys}
            keys = [each for each in keys or () if each not in own]
        for each in keys or ():
            self.report_name(node, each)
        if keys is None and self.is_spelled(key, scope):
            self.report(node, EXEC, "the key looked up here is spelled by a computation, so it may be "
                        "`__builtins__`; write it out")

    def judge_format(self, node, receiver, scope):
        """Reports a format string that walks dunder attributes: `"{0.__globals__}".format(f)`."""
        try:
            text = self.fold_format(receiver, scope, 0)
        except Unfoldable:
            return
        match = patterns()["field"].search(text)
        if match:
            self.report(node, EXEC, f"the format reads `{match.group(1)}` of its argument; "
                        "format plain values")

    def fold_format(self, node, scope, depth):
        """Like `fold`, for constants, sums and names alone: what `formats_escapes` can foresee."""
        if depth > 40:
            raise Unfoldable
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self.fold_format(node.left, scope, depth + 1) + \
                self.fold_format(node.right, scope, depth + 1)
        if isinstance(node, ast.JoinedStr):
            return "".join(part.value if isinstance(part, ast.Constant) else "" for part in node.values)
        if isinstance(node, ast.Name):
            bound, _ = self.lookup(node.id, scope, node.lineno)
            if len(bound) == 1 and bound[0].kind == "value":
                return self.fold_format(bound[0].payload, bound[0].scope, depth + 1)
        raise Unfoldable

    # Subscripts, comparisons, patterns.

    def judge_subscript(self, node, scope):
        if isinstance(node.ctx, ast.Load) and not isinstance(node.slice, (ast.Slice, ast.Tuple)):
            self.keys.append((node, node.value, node.slice, scope))
        for value in self.evaluate(node.value, scope):
            if value[0] == "namespace" or value in NAMESPACE_PATHS:
                keys = self.strings(node.slice, scope)
                self.consume(node.value)
                if isinstance(node.ctx, ast.Store) and keys is not None and value == ("namespace", ""):
                    continue
                if keys is None:
                    self.judge_open_namespace(node, value)
                else:
                    self.judge_keys(node, value, keys, scope)

    def judge_comparison(self, node, scope):
        """`"x" in globals()` and `"x" in sys.modules` only look."""
        for operator, right in zip(node.ops, node.comparators):
            if isinstance(operator, ast.Eq):
                self.judge_fragment(node, right, ESCAPES.__contains__, scope)
            elif isinstance(operator, (ast.In, ast.NotIn)):
                self.judge_fragment(node, node.left, is_fragment, scope)
                for value in self.evaluate(right, scope):
                    if value[0] == "namespace" or value in NAMESPACE_PATHS:
                        self.consume(right)

    def judge_match_class(self, node, scope):
        """A class pattern reads the attributes it names."""
        for name, inner in zip(node.kwd_attrs, node.kwd_patterns):
            self.opens_objects = self.opens_objects or name in NAMESPACE_ATTRIBUTES
            if not self.report_name(inner, name):
                self.judge_unknown_attribute(
                    attribute_at(inner, node.cls, name), scope)

    def judge_match_mapping(self, node, scope):
        """A mapping's pattern looks its keys up."""
        self.keys += [(key, node, key, scope) for key in node.keys]

    def judge_strings(self):
        """With attributes taken by computed names, a string that spells an escape is one."""
        for node, scope in self.string_sites:
            if id(node) in self.consumed:
                continue
            try:
                text = self.fold(node, scope)
            except Unfoldable:
                continue
            if isinstance(text, str) and len(text) < 200:
                for part in patterns()["field parts"].findall(text):
                    if part in ESCAPES or part in LOADERS or is_fragment(part):
                        self.report(node, EXEC, f"`{part}` leads to the interpreter's insides, and this "
                                    "file takes attributes by computed names")


# ----------------------------------------------------------------------
# What the judge asks of paths, nodes and constants
# ----------------------------------------------------------------------

NO_CUT = 1 << 30
TELLING_KINDS = frozenset(("import", "def", "class", "with", "each"))
IMPORTERS = frozenset((
    ("builtin", "__import__"), ("path", "importlib.import_module"), ("path", "importlib.__import__")))
LAZY_CALLS = frozenset(("importlib.import_module", "importlib.__import__"))
JUDGED_RESULTS = frozenset(("builtin", "namespace", "loader", "descriptors"))
METHOD_KINDS = frozenset(("staticmethod", "classmethod"))
FUNCTION_ATTRIBUTES = frozenset(("fget", "fset", "fdel", "__func__", "__wrapped__"))
ITEM_CALLS = frozenset(("get", "pop", "setdefault", "__getitem__"))
NAMESPACE_ATTRIBUTES = frozenset(("__dict__", "__getattribute__"))
BUILTIN_CALLABLES = frozenset(name for name, value in vars(builtins).items() if callable(value))
BUILTIN_FUNCTIONS = frozenset(name for name, value in vars(builtins).items() if type(value) is type(len))
OWN_STREAMS = frozenset(("sys.stdin", "sys.stdout", "sys.stderr"))
SPELLING = frozenset("""
    decode fromhex b64decode b32decode b16decode b85decode urlsafe_b64decode a2b_base64 a2b_hex unhexlify
    translate decompress unquote unquote_plus unescape loads literal_eval from_bytes to_bytes unpack chr
    bytes bytearray reversed normalize sub""".split())
"""Calls that make a text of what does not look like it."""
NAMESPACE_PATHS = frozenset((("path", "builtins"), ("path", "sys.modules")))
FILE_MODULES = frozenset(("io", "_io", "codecs", "tokenize", "gzip", "bz2", "lzma", "tarfile", "zipfile",
                          "pathlib", "wave", ""))
TYPE_ONLY = frozenset(("types.FunctionType", "types.LambdaType", "types.CodeType", "io.FileIO",
                       "asyncio.StreamReader", "asyncio.StreamWriter"))
"""Classes that do no harm where they only name a type: in `isinstance` and annotations."""

_restrictions = {}


def restriction(path):
    """(rule, what it does, the restricted prefix) of a dotted path, or None."""
    if path in _restrictions:
        return _restrictions[path]
    found = None
    end = -1
    while found is None:
        end = path.find(".", end + 1)
        prefix = path if end < 0 else path[:end]
        entry = RESTRICTED.get(prefix)
        if entry is not None:
            found = (entry[0], entry[1], prefix)
        if end < 0:
            break
    if found is None:
        root, _, rest = path.partition(".")
        lazy = LAZY.get(root)
        if lazy is not None and rest:
            first = rest.partition(".")[0]
            if lazy[2] is None:
                entry = BUILTIN_RULES.get(first)
                found = None if entry is None else (*entry, f"builtins.{first}")
            elif first not in lazy[2]:
                found = (lazy[0], lazy[1], f"{root}.{first}")
    if len(_restrictions) > 20_000:
        _restrictions.clear()
    _restrictions[path] = found
    return found


def is_followed_class(path):
    """Whether instances of what a path names are followed."""
    return path in PATHS or path in STREAMS or path in INSTANCE_METHODS


def is_function_path(path):
    """Whether a dotted path names a function of a module, as far as its name tells."""
    return "." in path and not is_module(path) and path.rpartition(".")[2][:1].islower()


def is_fragment(text):
    """Whether a text is most of an escape's name, as in `name.endswith("bals__")`."""
    return len(text) > 4 and "__" in text and any(text in name != text for name in ESCAPES)


def all_parts(nodes):
    """The nodes, and all below them."""
    stack = list(nodes)
    while stack:
        node = stack.pop()
        yield node
        stack += children(node)


def is_module(path):
    """Whether a dotted path names a module, as far as its name tells."""
    base, _, last = path.rpartition(".")
    if not base or path in SUBMODULES:
        return True
    if base.partition(".")[0] == "lib":
        return base == "lib" and last.islower()
    # `copy.copy` and its like are what their module is named for.
    return last in STDLIB and last != base and path != "datetime.time"


SUBMODULES = frozenset("""
    logging.handlers collections.abc concurrent.futures email.parser email.message email.utils email.policy
    email.header html.parser json.decoder json.encoder urllib.parse xml.etree xml.dom xml.sax
    xml.etree.ElementTree xml.dom.minidom xml.sax.saxutils asyncio.events asyncio.base_events
    concurrent.futures.thread encodings.idna""".split())


def as_list(value):
    """A field's value as a list."""
    return value if isinstance(value, list) else [value]


def attribute_at(place, target, name):
    """A made-up attribute node, for attributes that are taken without a dot."""
    return ast.Attribute(value=target, attr=name, ctx=ast.Load(), lineno=place.lineno,
                         col_offset=place.col_offset)


def children(node):
    """The nodes directly below a node."""
    return [child for field in FIELDS[type(node)] for child in as_list(getattr(node, field, None))
            if child is not None]


def ast_elements(target):
    """The single targets within a possibly nested tuple or list."""
    if isinstance(target, (ast.Tuple, ast.List)):
        return [inner for element in target.elts for inner in ast_elements(element)]
    return [target]


def ast_text(node):
    """A short name for an expression in a hint."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{ast_text(node.value)}.{node.attr}"
    return "an expression"


def plain_names(test, outcome):
    """The names that a test shows to hold a text without underscores in front, where it has an outcome."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return plain_names(test.operand, not outcome)
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) == outcome:
        return [name for value in test.values for name in plain_names(value, outcome)]
    if not isinstance(test, ast.Call) or not isinstance(test.func, ast.Attribute) \
            or not isinstance(test.func.value, ast.Name):
        return []
    plain = outcome and test.func.attr in ("isupper", "isalpha", "isalnum")
    if test.func.attr == "startswith" and len(test.args) == 1:
        parts = as_list(getattr(test.args[0], "elts", test.args[0]))
        prefixes = [part.value if isinstance(part, ast.Constant) else None for part in parts]
        if outcome:
            plain = all(isinstance(prefix, str) and prefix[:1] not in ("", "_") for prefix in prefixes)
        else:
            plain = "_" in prefixes or "__" in prefixes
    return [test.func.value.id] if plain else []


def is_own_object(node):
    """Whether an expression is `self`, or makes an object of a class by its look."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return node.func.id[:1].isupper() or node.func.id == "super"
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def is_register(decorator):
    """Whether a decorator is `something.register`, called or not."""
    if isinstance(decorator, ast.Call):
        decorator = decorator.func
    return isinstance(decorator, ast.Attribute) and decorator.attr == "register"


def is_local_call(node, scope):
    """Whether `locals()` or `vars()` is called inside a function, where it holds only its own names."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) \
        and node.func.id in ("locals", "vars") and bool(scope.start)


def is_active(statement):
    """Whether a module-level statement may call functions that are defined before it."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        return False
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return bool(statement.decorator_list)
    if isinstance(statement, (ast.Assign, ast.AnnAssign, ast.Expr)):
        return not isinstance(statement.value, (ast.Constant, ast.Name, ast.Lambda, type(None)))
    return True


FOLDED_METHODS = frozenset("""
    lower upper strip lstrip rstrip replace join title capitalize swapcase casefold removeprefix removesuffix
    decode encode format split rsplit center ljust rjust zfill hex get keys values""".split())
PLAIN_CODECS = frozenset(("utf-8", "utf8", "ascii", "latin-1", "latin1", "utf-16", "utf-16-le", "utf-16-be"))
DECODERS = frozenset(("base64.b64decode", "base64.b32decode", "base64.b16decode", "base64.b85decode",
                      "base64.urlsafe_b64decode", "binascii.unhexlify", "binascii.a2b_base64",
                      "binascii.a2b_hex", "codecs.decode"))
_ROT13 = {code + base: (code + 13) % 26 + base for base in (65, 97) for code in range(26)}


def decode_constant(path, arguments):
    """What a decoding function of the standard library makes of constants."""
    if path == "codecs.decode":
        codec = str(arguments[1]).lower().replace("_", "-") if len(arguments) > 1 else "utf-8"
        if codec in ("rot13", "rot-13"):
            return arguments[0].translate(_ROT13)
        if codec in ("hex", "hex-codec"):
            return bytes.fromhex(arguments[0].decode())
        if codec in ("base64", "base64-codec"):
            path, arguments = "base64.b64decode", arguments[:1]
        elif codec in PLAIN_CODECS:
            return arguments[0].decode(codec)
        else:
            raise Unfoldable
    import base64
    import binascii

    module, _, name = path.partition(".")
    return getattr(base64 if module == "base64" else binascii, name)(*arguments)


def check_width(text):
    """Refuses to fold formats that pad beyond reason."""
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    if patterns()["width"].search(text) or "*" in text:
        raise Unfoldable


def string_items(value):
    """The strings of a folded sequence, or the keys of a folded dict."""
    items = list(value)
    if isinstance(value, (str, bytes)) or not all(isinstance(item, str) for item in items):
        raise Unfoldable
    return items


# The fields of each kind of node that hold nodes; operators and contexts have nothing to visit.
_LEAF_FIELDS = frozenset("""
    ctx op ops id attr arg name names asname module level n s kind value_kind type_comment conversion
    is_async simple rest kwd_attrs""".split())
FIELDS = {
    kind: tuple(field for field in kind._fields if field not in _LEAF_FIELDS)
    for kind in vars(ast).values() if isinstance(kind, type) and issubclass(kind, ast.AST)
}
for _kind in (ast.Constant, ast.MatchSingleton):
    FIELDS[_kind] = ()

VISITORS = {
    ast.Assign: Judge.visit_assign,
    ast.AnnAssign: Judge.visit_annotated,
    ast.AugAssign: Judge.visit_augmented,
    ast.NamedExpr: Judge.visit_walrus,
    ast.Delete: Judge.visit_delete,
    ast.FunctionDef: Judge.visit_function,
    ast.AsyncFunctionDef: Judge.visit_function,
    ast.Lambda: Judge.visit_lambda,
    ast.ClassDef: Judge.visit_class,
    ast.ListComp: Judge.visit_comprehension,
    ast.SetComp: Judge.visit_comprehension,
    ast.DictComp: Judge.visit_comprehension,
    ast.GeneratorExp: Judge.visit_comprehension,
    ast.For: Judge.visit_for,
    ast.AsyncFor: Judge.visit_for,
    ast.While: Judge.visit_conditional,
    ast.If: Judge.visit_if,
    ast.Try: Judge.visit_conditional,
    ast.TryStar: Judge.visit_conditional,
    ast.With: Judge.visit_with,
    ast.AsyncWith: Judge.visit_with,
    ast.ExceptHandler: Judge.visit_handler,
    ast.Global: Judge.visit_global,
    ast.Nonlocal: Judge.visit_nonlocal,
    ast.Match: Judge.visit_conditional,
    ast.MatchAs: Judge.visit_match_name,
    ast.MatchStar: Judge.visit_match_name,
    ast.MatchMapping: Judge.visit_match_mapping,
    ast.MatchClass: Judge.visit_match_class,
    ast.Import: Judge.visit_import,
    ast.ImportFrom: Judge.visit_import,
    ast.Return: Judge.visit_result,
    ast.Yield: Judge.visit_result,
    ast.Name: Judge.visit_name,
    ast.Attribute: Judge.visit_attribute,
    ast.Subscript: Judge.visit_site,
    ast.Compare: Judge.visit_site,
    ast.Call: Judge.visit_call,
    ast.Constant: Judge.visit_constant,
    ast.BinOp: Judge.visit_operation,
}

EVALUATORS = {
    ast.Name: Judge.name_values,
    ast.Attribute: Judge.evaluate_attribute,
    ast.Call: Judge.evaluate_call,
    ast.Subscript: Judge.evaluate_subscript,
    ast.IfExp: Judge.evaluate_union,
    ast.BoolOp: Judge.evaluate_union,
    ast.NamedExpr: Judge.evaluate_inner,
    ast.Await: Judge.evaluate_inner,
    ast.Starred: Judge.evaluate_inner,
    ast.Lambda: Judge.evaluate_lambda,
    ast.BinOp: Judge.evaluate_division,
}

SITES = {
    ast.Import: Judge.judge_import,
    ast.ImportFrom: Judge.judge_import,
    ast.Name: Judge.judge_name,
    ast.Attribute: Judge.judge_attribute,
    ast.Call: Judge.judge_call,
    ast.Subscript: Judge.judge_subscript,
    ast.Compare: Judge.judge_comparison,
    ast.MatchClass: Judge.judge_match_class,
    ast.MatchMapping: Judge.judge_match_mapping,
}

FOLDERS = {
    ast.Name: Judge.fold_name,
    ast.BinOp: Judge.fold_operation,
    ast.UnaryOp: Judge.fold_negative,
    ast.Tuple: Judge.fold_sequence,
    ast.List: Judge.fold_sequence,
    ast.Set: Judge.fold_sequence,
    ast.Dict: Judge.fold_dict,
    ast.JoinedStr: Judge.fold_f_string,
    ast.Subscript: Judge.fold_subscript,
    ast.ListComp: Judge.fold_comprehension,
    ast.GeneratorExp: Judge.fold_comprehension,
    ast.Call: Judge.fold_call,
}

# ----------------------------------------------------------------------
# The entry function
# ----------------------------------------------------------------------

_CO_OPTIMIZED, _CO_VARARGS = 0x1, 0x4
_CO_RUNS_OTHERWISE = 0x20 | 0x80 | 0x200  # generator, coroutine, asynchronous generator
_STORE_NAME, _DELETE_NAME = opmap["STORE_NAME"], opmap["DELETE_NAME"]


def has_plain_entry(code, name, source):
    """Whether the compiled module certainly defines `def name(a, b)`: the common case, told quickly.

    It holds when the module's code stores the name exactly once, from a function of two positional
    parameters that stands at the start of a line. Everything else is left to `entry_finding`.
    """
    head = b"def " + name.encode() + b"("
    if not (source.startswith(head) or b"\n" + head in source) or b"global" in source:
        return False
    function = None
    for constant in code.co_consts:
        if getattr(constant, "co_qualname", None) == name:
            if function is not None:
                return False
            function = constant
    if function is None or function.co_argcount != 2 or function.co_kwonlyargcount \
            or not function.co_flags & _CO_OPTIMIZED or function.co_flags & _CO_RUNS_OTHERWISE:
        return False
    try:
        index = code.co_names.index(name)
    except ValueError:
        return False
    if index > 255:
        return False
    instructions = code.co_code
    # Counted at any alignment, which errs towards the precise way.
    return instructions.count(bytes((_STORE_NAME, index))) == 1 \
        and instructions.count(bytes((_DELETE_NAME, index))) == 0


def certain_statements(body):
    """The statements of a module that certainly run when it loads.

    Those of `with` and of the body of `try`, and those of an `if` whose other branch is searched with it:
    a definition counts when each branch has one.
    """
    for statement in body:
        yield statement
        if isinstance(statement, (ast.With, ast.AsyncWith)):
            yield from certain_statements(statement.body)
        elif isinstance(statement, (ast.Try, ast.TryStar)):
            yield from certain_statements(statement.body)
            yield from certain_statements(statement.orelse)
            yield from certain_statements(statement.finalbody)
        elif isinstance(statement, ast.If) and statement.orelse:
            yield from common_definitions(statement)


def common_definitions(statement):
    """The functions of the first branch of an `if` that its other branch defines too."""
    others = {s.name for s in certain_statements(statement.orelse) if isinstance(s, ast.FunctionDef)}
    for inner in certain_statements(statement.body):
        if isinstance(inner, ast.FunctionDef) and inner.name in others:
            yield inner


def bound_names(statement):
    """The names that a statement binds other than by `def`, for the common ways of replacing one."""
    if isinstance(statement, ast.Assign):
        targets = [element for target in statement.targets for element in ast_elements(target)]
    elif isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
        targets = [statement.target] if statement.value is not None else []
    elif isinstance(statement, ast.Delete):
        targets = [element for target in statement.targets for element in ast_elements(target)]
    elif isinstance(statement, (ast.Import, ast.ImportFrom)):
        return {alias.asname or alias.name.partition(".")[0] for alias in statement.names}
    elif isinstance(statement, (ast.ClassDef, ast.AsyncFunctionDef)):
        return {statement.name}
    else:
        return set()
    return {target.id for target in targets if isinstance(target, ast.Name)}


def mentions(node, name):
    """Whether an expression reads a name: `f = cached(f)` wraps what it replaces."""
    stack = [node]
    while stack:
        part = stack.pop()
        if isinstance(part, ast.Name) and part.id == name:
            return True
        stack += children(part)
    return False


def entry_finding(tree, name):
    """(node or None, rule, message, hint) where the entry function is missing or cannot be called."""
    entry, replaced = None, None
    functions = []
    for statement in certain_statements(tree.body):
        if isinstance(statement, ast.FunctionDef):
            functions.append(statement)
            if statement.name == name:
                entry, replaced = statement, None
        elif name in bound_names(statement):
            wraps = isinstance(statement, ast.Assign) and entry and mentions(statement.value, name)
            if not wraps:
                replaced = statement
                if isinstance(statement, ast.AsyncFunctionDef):
                    entry = None
    if isinstance(replaced, ast.AsyncFunctionDef):
        return (replaced, SIGNATURE, f"Function `{name}` is asynchronous and cannot be called with "
                "(data, filter)", f"write `def {name}(data, filter):`")
    if entry is not None and replaced is None:
        return signature_finding(entry)
    return missing_finding(tree, name, functions, entry, replaced)


def entry_parameters(path, source):
    """(line, [(name, kind, has a default)]) of the function named like the file, or None."""
    name = path.rpartition("/")[2].removesuffix(".py")
    try:
        tree = compile(source.decode("utf-8-sig"), "utility", "exec", PyCF_ONLY_AST, True)
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError, SystemError):
        return None
    entry = None
    for statement in certain_statements(tree.body):
        if isinstance(statement, ast.FunctionDef) and statement.name == name:
            entry = statement
    if entry is None:
        return None
    found, arguments = [], entry.args
    positional = arguments.posonlyargs + arguments.args
    required = len(positional) - len(arguments.defaults)
    for index, argument in enumerate(positional):
        kind = "positional" if index < len(arguments.posonlyargs) else "any"
        found.append((argument.arg, kind, index >= required))
    if arguments.vararg is not None:
        found.append((arguments.vararg.arg, "varargs", False))
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults):
        found.append((argument.arg, "keyword", default is not None))
    if arguments.kwarg is not None:
        found.append((arguments.kwarg.arg, "varkeywords", False))
    return entry.lineno, found


def missing_finding(tree, name, functions, entry, replaced):
    """The `FunctionMissing` finding, with the nearest thing to what is missing."""
    message = f"No top-level function `{name}` is defined"
    write = f"write `def {name}(data, filter):` at the top level"
    if entry is not None:
        verb = "deleted" if isinstance(replaced, ast.Delete) else "replaced"
        return (replaced, MISSING, f"Function `{name}` is {verb} on line {replaced.lineno} after its "
                "definition", "let the name belong to the function alone")
    if isinstance(replaced, ast.ClassDef):
        return (replaced, MISSING, f"`{name}` is a class, not a function", write)
    if replaced is not None:
        return (replaced, MISSING, f"`{name}` is not defined by a `def` statement",
                f"{write}, which may call what is assigned here")
    near = find_definition(tree, name)
    if near is not None:
        node, where = near
        return (node, MISSING, f"Function `{name}` is defined only {where}", write)
    for function in functions:
        if function.name.lower() == name.lower():
            return (function, MISSING, message,
                    f"did you mean `{name}` instead of `{function.name}`? the case differs")
    public = [function for function in functions if not function.name.startswith("_")]
    for candidates in (functions, public):
        if len(candidates) == 1:
            return (candidates[0], MISSING, message,
                    f"did you mean `{name}` instead of `{candidates[0].name}`?")
    return (None, MISSING, message, write)


def find_definition(tree, name):
    """A definition of the function that does not count, and where it stands."""
    stack = [(statement, "") for statement in reversed(tree.body)]
    while stack:
        node, where = stack.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name == name and where:
            return node, where
        if isinstance(node, ast.ClassDef):
            where = f"inside the class `{node.name}`"
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            where = f"inside the function `{node.name}`"
        elif isinstance(node, (ast.If, ast.For, ast.While, ast.Try, ast.TryStar, ast.Match)):
            where = where or "under a condition"
        for field in ("body", "handlers", "orelse", "finalbody", "cases"):
            inner = getattr(node, field, None)
            if isinstance(inner, list):
                stack += [(child, where) for child in reversed(inner)]
    return None


def signature_finding(function):
    """The `FunctionSignature` finding of an entry function, or None where it takes (data, filter)."""
    name, arguments = function.name, function.args
    positional = arguments.posonlyargs + arguments.args
    required = len(positional) - len(arguments.defaults)
    hint = f"write `def {name}(data, filter):`"
    if required > 2:
        names = ", ".join(f"`{argument.arg}`" for argument in positional[2:required])
        return (function, SIGNATURE, f"Function `{name}` requires {required} arguments and is called with "
                "two, (data, filter)", f"give {names} a default, or take them from `filter`")
    if len(positional) < 2 and arguments.vararg is None:
        takes = {0: "no argument", 1: "one argument"}[len(positional)]
        return (function, SIGNATURE, f"Function `{name}` takes {takes} and is called with two, "
                "(data, filter)", hint)
    for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults):
        if default is None:
            return (function, SIGNATURE, f"Function `{name}` requires the keyword `{argument.arg}` and is "
                    "called with (data, filter) alone",
                    f"give `{argument.arg}` a default, or take it from `filter`")
    if is_generator(function):
        return (function, SIGNATURE, f"Function `{name}` is a generator, and what it returns is no JSON",
                "return a list instead of yielding")
    return None


def is_generator(function):
    """Whether a function yields, itself and not in a function within it."""
    stack = list(function.body)
    while stack:
        node = stack.pop()
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            return True
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
            continue
        stack += children(node)
    return False


# ----------------------------------------------------------------------
# One file
# ----------------------------------------------------------------------

BOM = b"\xef\xbb\xbf"
UTF8_NAMES = frozenset((b"utf-8", b"utf8", b"utf-8-sig", b"u8"))


def character_column(line, offset):
    """The column in characters, from 1, of a byte offset in an encoded line."""
    if line.isascii():
        return offset + 1
    return len(line[:offset].decode("utf-8", "ignore")) + 1


def finding(rule, line, column, message, hint):
    """One finding as the reply has it."""
    return (line, column, rule, SEVERITY.get(rule, HIGH), message, hint)


def encoding_finding(source):
    """A finding where the source is not what UTF-8 makes of it for every reader."""
    for number, line in enumerate(source.splitlines()[:2], 1):
        if b"coding" in line and patterns()["cookie"].match(line):
            for match in patterns()["cookies"].finditer(line):
                codec = match.group(1)
                if codec and codec.lower().replace(b"_", b"-") not in UTF8_NAMES:
                    return finding(ENCODING, number, match.start() + 1,
                                   f"The file declares the encoding {codec.decode('ascii', 'replace')}",
                                   "save it as UTF-8 and remove the declaration")
    if source.isascii():
        return None
    try:
        source.decode("utf-8")
    except UnicodeDecodeError as error:
        before = source[:error.start]
        line = before.count(b"\n") + 1
        column = character_column(before[before.rfind(b"\n") + 1:], error.start) \
            if before.isascii() else len(before[before.rfind(b"\n") + 1:].decode("utf-8", "ignore")) + 1
        if before.isascii():
            column = len(before) - before.rfind(b"\n")
        return finding(ENCODING, line, column,
                       f"Byte 0x{source[error.start]:02x} is not UTF-8", "save the file as UTF-8")
    return None


def syntax_finding(error, source, text):
    """The finding of a `SyntaxError`, with its column in characters."""
    line = error.lineno or 1
    offset = max(error.offset or 1, 1)
    rows = physical_lines(source)
    if 0 < line <= len(rows) and not rows[line - 1].isascii():
        # The parser counts characters, the later passes of the compiler count bytes.
        try:
            compile(text, "utility", "exec", PyCF_ONLY_AST, True)
            offset = character_column(rows[line - 1], offset - 1)
        except SyntaxError:
            pass
    return finding(SYNTAX, line, offset, f"{error.msg or 'invalid syntax'}"[:300],
                   "correct the syntax; `python3 -m py_compile` tells the same")


def too_complex(what):
    """The finding of a file that CPython gives up on."""
    return finding(SYNTAX, 1, 1, f"The file is too deeply nested or too complex to be compiled ({what})",
                   "split the expression or the data in it")


def physical_lines(source):
    """The lines of a source as CPython numbers them."""
    return source.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")


def package_of(path):
    """The package that relative imports of a file start from, as a list of names."""
    return path.split("/")[:-1]


def check(path, kind, source, prefilter=True):
    """All findings of a file, sorted, and the modules under `lib` that it could import."""
    if len(source) > MAX_SOURCE:
        return [finding(TOO_LARGE, 0, 0, f"The file has {len(source)} bytes, more than {MAX_SOURCE}",
                        "move data out of the code")], ()
    if source.startswith(BOM):
        source = source[3:]
    if not source.isascii() or b"coding" in source:
        found = encoding_finding(source)
        if found:
            return [found], ()
    if b"\0" in source:
        at = source.index(b"\0")
        row = source[:at]
        return [finding(SYNTAX, row.count(b"\n") + 1, at - row.rfind(b"\n"),
                        "source code cannot contain null bytes", "save the file as plain text")], ()
    try:
        text = source.decode("utf-8")
        code = compile(text, "utility", "exec", 0, True)
    except SyntaxError as error:
        return [syntax_finding(error, source, text)], ()
    except RecursionError:
        return [too_complex("recursion limit")], ()
    except MemoryError:
        return [too_complex("memory limit")], ()
    except (ValueError, OverflowError, UnicodeError, SystemError) as error:
        return [finding(SYNTAX, 1, 1, f"{error}"[:300], "correct the source")], ()
    need, modules = SUSPICIOUS, None
    if prefilter and kind == 0:
        need, modules = may_break_rules(source, code)
    name = path.rpartition("/")[2].removesuffix(".py")
    plain = kind != 0 or has_plain_entry(code, name, source)
    if plain and need != SUSPICIOUS:
        return [], modules or ()
    del code
    usual = sys.getrecursionlimit()
    # The tree is as deep as the compiler, under the usual limit, has just found bearable.
    sys.setrecursionlimit(MAX_DEPTH)
    try:
        tree = compile(text, "utility", "exec", PyCF_ONLY_AST, True)
        return check_tree(tree, path, None if plain else name, source, need, modules or ())
    except RecursionError:
        return [too_complex("recursion limit")], ()
    finally:
        sys.setrecursionlimit(usual)


def check_tree(tree, path, entry, source, need, modules):
    """The part of `check` that takes a syntax tree; `entry` is the function to look for, if any."""
    rows = physical_lines(source)
    findings = []
    missing = entry and entry_finding(tree, entry)
    if missing:
        node, rule, message, hint = missing
        line = node.lineno if node else 0
        column = character_column(rows[line - 1], node.col_offset) if node else 0
        findings.append(finding(rule, line, column, message, hint))
    if need == SUSPICIOUS:
        judge = Judge(tree, rows, package_of(path))
        try:
            judge.run()
        finally:
            for scope in Scope.every:
                scope.bindings = None
            Scope.every.clear()
        modules = judge.modules
        findings += [finding(rule, line, column, MESSAGE[rule], hint)
                     for (line, column, rule), hint in judge.findings.items()]
    findings.sort()
    return findings[:MAX_FINDINGS], modules


# ----------------------------------------------------------------------
# The process
# ----------------------------------------------------------------------


def encode_reply(findings, modules):
    """The JSON text of a reply; nothing for a clean file that imports nothing of `lib`."""
    if not findings and not modules:
        return b""
    quote = encode_basestring_ascii
    rows = ",".join(
        f"[{line},{column},{quote(rule)},{quote(severity)},{quote(message)},{quote(hint)}]"
        for line, column, rule, severity, message, hint in findings)
    names = ",".join(quote(module) for module in sorted(modules))
    return f'{{"f":[{rows}],"m":[{names}]}}'.encode()


def encode_parameters(found):
    """The JSON text of a reply about parameters; nothing where there is no such function."""
    if found is None:
        return b""
    quote = encode_basestring_ascii
    rows = ",".join(f'[{quote(name)},"{kind}",{"true" if default else "false"}]'
                    for name, kind, default in found[1])
    return f'{{"l":{found[0]},"p":[{rows}]}}'.encode()


def answer(payload):
    """The reply's JSON to one request's payload, without its id."""
    kind = payload[4]
    size = int.from_bytes(payload[5:7], "big")
    if kind > 2 or 7 + size > len(payload):
        raise ProtocolError("a request's path is longer than the request")
    path = payload[7:7 + size].decode("utf-8", "replace")
    try:
        if kind == 2:
            return encode_parameters(entry_parameters(path, bytes(payload[7 + size:])))
        return encode_reply(*check(path, kind, bytes(payload[7 + size:])))
    except MemoryError:
        return encode_reply([too_complex("memory limit")], ())
    except RecursionError:
        return encode_reply([too_complex("recursion limit")], ())
    except Exception as error:
        # A mistake in this file must not pass for a verdict on that one.
        return encode_reply([finding(FAILED, 0, 0, f"The checker failed: {type(error).__name__}",
                                     "report this file to the agent's maintainers")], ())


class ProtocolError(Exception):
    """The agent sent what no agent sends."""


def limit(memory):
    """Takes from the process what judging never needs."""
    soft_file_limit = 32
    for name, value in (("RLIMIT_CORE", 0), ("RLIMIT_FSIZE", 0), ("RLIMIT_NOFILE", soft_file_limit),
                        ("RLIMIT_NPROC", 0), ("RLIMIT_AS", memory)):
        try:
            which = getattr(resource, name)
            hard = resource.getrlimit(which)[1]
            if hard != resource.RLIM_INFINITY:
                value = min(value, hard)
            resource.setrlimit(which, (value, value))
        except (AttributeError, OSError, ValueError):
            pass  # less than asked for is what a container may allow


class ProcessorLimit:
    """Keeps RLIMIT_CPU a number of seconds ahead, so that a hang ends without the agent."""

    def __init__(self, seconds):
        self.seconds = seconds
        self.hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        self.renew_at = 0.0

    def renew(self):
        """Grants the next file its seconds; the kernel counts whole ones, so at most one more."""
        used = time.process_time()
        if used >= self.renew_at:
            soft = int(used) + 1 + self.seconds
            if self.hard != resource.RLIM_INFINITY:
                soft = min(soft, self.hard)
            resource.setrlimit(resource.RLIMIT_CPU, (soft, self.hard))
            self.renew_at = int(used) + 1.0


def write_all(data):
    """Writes all of it to standard output."""
    view = memoryview(data)
    while view:
        view = view[posix.write(1, view):]


def serve(processor):
    """Answers requests until the input ends."""
    incoming, start = bytearray(), 0
    outgoing = bytearray()
    skipping = None  # (id, bytes still to come) of a frame that is too large to be held
    while True:
        while skipping is None and len(incoming) - start >= 4:
            size = int.from_bytes(incoming[start:start + 4], "big")
            if size < 7:
                raise ProtocolError("a request is shorter than its header")
            if size > MAX_FRAME:
                if len(incoming) - start < 8:
                    break
                identifier = bytes(incoming[start + 4:start + 8])
                body = encode_reply([finding(TOO_LARGE, 0, 0, f"The file has more than {MAX_SOURCE} bytes",
                                             "move data out of the code")], ())
                skipping = (identifier + body, 4 + size)
                break
            if len(incoming) - start < 4 + size:
                break
            payload = incoming[start + 4:start + 4 + size]
            start += 4 + size
            processor.renew()
            body = answer(payload)
            outgoing += (4 + len(body)).to_bytes(4, "big") + payload[:4] + body
            if len(outgoing) > 65_536:
                write_all(outgoing)
                outgoing.clear()
        if skipping is not None:
            reply, left = skipping
            taken = min(left, len(incoming) - start)
            start += taken
            skipping = (reply, left - taken)
            if left == taken:
                outgoing += len(reply).to_bytes(4, "big") + reply
                skipping = None
                continue
        if start:
            del incoming[:start]
            start = 0
        if outgoing:
            write_all(outgoing)
            outgoing.clear()
        block = posix.read(0, 1 << 20)
        if not block:
            return
        incoming += block


def main(arguments):
    """Runs the process; returns its exit code."""
    memory, seconds = 192 << 20, 3
    for argument in arguments:
        name, _, value = argument.partition("=")
        if name == "--memory" and value.isdecimal():
            memory = int(value)
        elif name == "--cpu" and value.isdecimal() and int(value):
            seconds = int(value)
        else:
            posix.write(2, f"checker: unknown argument {argument}\n".encode())
            return 2
    warnings.simplefilter("ignore")
    limit(memory)
    import gc

    # Neither trees nor code objects hold cycles, and a judge's scopes are taken apart.
    gc.freeze()
    gc.disable()
    try:
        serve(ProcessorLimit(seconds))
    except ProtocolError as error:
        posix.write(2, f"checker: {error}\n".encode())
        return 2
    except BrokenPipeError:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
