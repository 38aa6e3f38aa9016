"""The sync agent's Python checker: judges utilities on their syntax tree and never runs them.

A long-lived process, started as `python3 -I -S -B checker.py [--memory=BYTES] [--cpu=SECONDS]`.
The agent writes request frames to its standard input and reads reply frames, in the same order,
from its standard output (all integers big-endian):

    request: u32 length, then u32 id, u8 kind (0 utility, 1 shared module), u16 path length, path, source
    reply:   u32 length, then u32 id, then nothing (clean, imports nothing of `lib`) or the JSON text
             {"f":[[line,column,rule,severity,message,hint],...],"m":["lib","lib.dates",...]}

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

import posix
import resource
import sys
import time
import warnings
from _ast import PyCF_ONLY_AST
from _json import encode_basestring_ascii
import _ast as ast

# ---------------------------------------------------------------------------------------------------
# Limits
# ---------------------------------------------------------------------------------------------------

MAX_SOURCE = 10_485_760
"""Bytes of source; the agent refuses larger files before, this is the second wall."""
MAX_FRAME = MAX_SOURCE + 7 + 65_536
MAX_FINDINGS = 500
MAX_FOLDED = 4_096
"""Characters of a constant that folding builds; longer ones count as unresolvable."""

# ---------------------------------------------------------------------------------------------------
# Rules
# ---------------------------------------------------------------------------------------------------

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
        readline rlcompleter _posixshmem"""),
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
        uuid._get_command_stdout platform._syscmd_ver platform._syscmd_file platform.popen"""),
    (EXEC, "runs code that is made at run time", """
        code codeop runpy py_compile compileall timeit trace cProfile profile _lsprof pdb bdb doctest
        tkinter _tkinter _xxsubinterpreters _testcapi _testinternalcapi gc dill cloudpickle joblib
        shelve jsonpickle logging.config types.FunctionType types.LambdaType types.CodeType
        pickle.load pickle.loads pickle.Unpickler pickle._load pickle._loads pickle._Unpickler
        _pickle.load _pickle.loads _pickle.Unpickler marshal.load marshal.loads
        typing.get_type_hints typing.ForwardRef typing._eval_type inspect.get_annotations
        dataclasses._create_fn numexpr js2py pandas.eval pandas.read_pickle numpy.load
        yaml.unsafe_load yaml.unsafe_load_all yaml.UnsafeLoader yaml.Loader yaml.CLoader yaml.full_load
        yaml.FullLoader yaml.CUnsafeLoader"""),
    (EXEC, "opens the interpreter's frames, from which any builtin can be taken", """
        sys._getframe sys._current_frames sys._current_exceptions sys.settrace sys.setprofile
        sys.call_tracing sys.breakpointhook threading.settrace threading.setprofile inspect.currentframe
        inspect.stack inspect.trace inspect.getouterframes inspect.getinnerframes traceback.walk_stack
        traceback.walk_tb"""),
    (FS, "works on files", """
        shutil tempfile fileinput glob sqlite3 _sqlite3 dbm _dbm _gdbm mmap linecache filecmp netrc
        mailbox aiofiles fsspec watchdog send2trash io.open io.open_code io.FileIO io.OpenWrapper
        _io.open _io.open_code _io.FileIO _pyio.open _pyio.FileIO _pyio.open_code codecs.open
        tokenize.open tokenize._builtin_open bz2._builtin_open tarfile.bltn_open zipfile.Path
        logging.FileHandler logging.handlers.RotatingFileHandler wave.open
        logging.handlers.TimedRotatingFileHandler logging.handlers.WatchedFileHandler
        logging.handlers.BaseRotatingFileHandler inspect.getsource inspect.getsourcelines
        inspect.getsourcefile mimetypes.read_mime_types"""),
    (NET, "speaks over the network", """
        socket _socket ssl _ssl urllib.request urllib.error urllib.response urllib.robotparser urllib2
        urllib3 ftplib smtplib smtpd poplib imaplib nntplib telnetlib socketserver xmlrpc webbrowser
        antigravity select selectors asyncore asynchat requests requests_toolbelt httpx aiohttp httplib2
        httplib paramiko asyncssh pycurl websocket websockets tornado twisted grpc zmq pika redis pymongo
        motor psycopg2 psycopg asyncpg pymysql MySQLdb aioredis boto3 botocore dns ldap3 ldap scapy nmap
        pysnmp kafka stomp wsgiref impacket smbclient smbprotocol whois elasticsearch opensearchpy
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
    __defaults__ __kwdefaults__ __reduce__ __reduce_ex__ cell_contents func_globals func_code f_globals
    f_locals f_builtins f_back f_code tb_frame gi_frame gi_code cr_frame cr_code ag_frame ag_code"""
ESCAPES = frozenset(_ESCAPES.split())
# The same, but what they reach is the import system.
LOADERS = frozenset(("__loader__", "__spec__"))
LOADER_CALLS = frozenset(("load_module", "find_spec", "find_module", "create_module", "exec_module"))

# Other names under which modules of the standard library carry something restricted, as measured over
# all of them, and the core modules that are taken for themselves wherever they appear as an attribute.
ALIASES = {
    "_os": "os", "_sys": "sys", "bltns": "builtins", "_builtin_open": "builtins.open",
    "bltn_open": "builtins.open", "_io": "_io",
}
CORE = frozenset((
    "os", "sys", "subprocess", "builtins", "posix", "importlib", "ctypes", "socket", "shutil", "runpy",
    "_posixsubprocess", "multiprocessing", "pty", "signal"))

# Classes whose instances are followed, since they compute with some methods and touch files with others.
PATHS = frozenset(("pathlib.Path", "pathlib.PosixPath", "pathlib.WindowsPath"))
STREAMS = frozenset(("io.BytesIO", "io.StringIO", "_io.BytesIO", "_io.StringIO", "typing.BinaryIO"))
PARSERS = frozenset(("configparser.ConfigParser", "configparser.RawConfigParser",
                     "configparser.SafeConfigParser"))
# Callables that take a file's name or an open stream: clean on a stream that is known to be in memory.
STREAM_CALLS = frozenset("""
    zipfile.ZipFile zipfile.PyZipFile tarfile.open tarfile.TarFile tarfile.TarFile.open gzip.open
    gzip.GzipFile bz2.open bz2.BZ2File lzma.open lzma.LZMAFile xml.etree.ElementTree.parse
    xml.etree.ElementTree.iterparse xml.etree.cElementTree.parse xml.dom.minidom.parse
    xml.dom.pulldom.parse xml.sax.parse""".split())
ARCHIVES = frozenset(("zipfile.ZipFile", "zipfile.PyZipFile", "tarfile.open", "tarfile.TarFile"))
EXTRACTION = frozenset(("extract", "extractall"))

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

# ---------------------------------------------------------------------------------------------------
# Prefilter
# ---------------------------------------------------------------------------------------------------
#
# Soundness: every finding of a code rule, and every entry of `m`, starts at an identifier of the tree:
# an imported name, a builtin, an attribute. In a source whose code is pure ASCII each identifier stands
# in the text as a maximal run of word characters (there are no escapes in identifiers, and NFKC changes
# no ASCII). So when no such run is in TRIGGERS, no identifier is, and `Judge` would report nothing.
# Names that are put together from strings do not escape this: a string becomes a name only through
# `getattr`, `__import__`, `vars`, `globals`, `__dict__` and their like, which are triggers themselves.
# `str.format` with dunders is the one rule that starts at a string; it asks the constants of the code
# object (`formats_escapes`). Two more places read strings: annotations under `register`, a trigger.
# Words inside strings and comments give false hits, which `code_words` removes exactly.
# `Tests/CheckerTests` compares verdicts with and without the prefilter over the whole corpus and the
# standard library.


def _make_triggers():
    words = set(ROOTS)
    # Members whose last name is an everyday word are found by the name before it, which every way to
    # reach them has to spell.
    everyday = {"parse", "path", "load", "stack", "trace", "eval", "streams", "process", "config"}
    for name in list(RESTRICTED) + list(STREAM_CALLS) + list(PATHS) + list(PARSERS):
        parts = name.split(".")
        words.add(parts[-2] if parts[-1] in everyday and len(parts) > 1 else parts[-1])
    words.discard("sys")
    words |= {"meta_path", "path_hooks", "modules", "getmembers", "sys"}
    words |= LAZY.keys() | CORE | ALIASES.keys() | ESCAPES | LOADERS | LOOP_CALLS.keys()
    words |= TRACKED_BUILTINS - {"object", "type"}
    words |= {"__dict__", "__getattribute__", "attrgetter", "methodcaller", "get_field", "register",
              "eval_str", "extractall", "basicConfig", "getattr_static", "lib", "yaml"}
    return frozenset(word.encode() for word in words)


TRIGGERS = _make_triggers()
FORMATTERS = frozenset((b"format", b"format_map"))
_WORD_BYTES = bytes(
    byte if byte >= 128 or chr(byte).isalnum() or byte == 95 else 32 for byte in range(256))

CLEAN, SUSPICIOUS, ONLY_LIB = 0, 1, 2

_patterns = None


def patterns():
    """The compiled regular expressions, made on first need since importing `re` takes milliseconds."""
    global _patterns
    if _patterns is None:
        import re

        body = r'(?:"""(?:[^"\\]|\\.|"(?!""))*"""|' + r"'''(?:[^'\\]|\\.|'(?!''))*'''|" \
            r'"(?:[^"\\\n]|\\.)*"|' + r"'(?:[^'\\\n]|\\.)*')"
        text = rf"#[^\n]*|(\b(?:[fF][rR]?|[rR][fF]){body})|(?:\b(?:[rRuUbB]|[bB][rR]|[rR][bB]))?{body}"
        names = rb"\w+(?:[ \t]+as[ \t]+\w+)?"
        _patterns = {
            "text": re.compile(text.encode(), re.DOTALL),
            "lib": re.compile(
                rb"^[ \t]*from[ \t]+(lib(?:\.\w+)*)[ \t]+import[ \t]+(?:\(([\w\s,]*)\)|("
                + names + rb"(?:[ \t]*,[ \t]*" + names + rb")*))[ \t]*$", re.MULTILINE),
            "cookie": re.compile(rb"^[ \t\f]*#.*?coding[:=][ \t]*([-\w.]*)"),
            "cookies": re.compile(rb"coding[:=][ \t]*([-\w.]*)"),
            "width": re.compile(r"\d{4}"),
            "relative": re.compile(rb"\bfrom[\s\\]*\."),
            "field": re.compile(r"\{[^{}]*?\b(" + "|".join(sorted(ESCAPES | LOADERS)) + r")\b"),
            "mixed": re.compile(r"[^.\[\]]+"),
        }
    return _patterns


def code_words(source):
    """The words outside of strings and comments, and the text they stand in; None where unsure.

    Strings with a prefix `f` stay, as they hold code. Exact for what compiles: read from the left,
    quotes and `#` outside of strings and comments can only start one.
    """
    if b"\r" in source:
        source = source.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    parts = patterns()["text"].split(source)
    bare = b" ".join(parts[0::2])
    if b'"' in bare or b"'" in bare or b"#" in bare:
        return None
    text = b" ".join(part for part in parts if part)
    if not text.isascii():
        return None
    return text


def may_break_rules(source, code, kind):
    """Whether a compiled file needs the full walk; the words that asked for it."""
    # `.compile(` can only be an attribute, and only that of builtins is restricted, a trigger itself;
    # `urllib.parse` computes; a colon and two slashes never stand in code.
    lean = source.replace(b".compile(", b" (").replace(b"urllib.parse", b" ").replace(b"http://", b" ")
    words = lean.translate(_WORD_BYTES).split()
    if kind == 1 and patterns()["relative"].search(source):
        return SUSPICIOUS, None
    ascii_only = source.isascii()
    hit = not TRIGGERS.isdisjoint(words)
    if ascii_only and not hit:
        if not FORMATTERS.isdisjoint(words) and formats_escapes(code):
            return SUSPICIOUS, None
        return CLEAN, None
    text = code_words(lean)
    if text is None:
        return SUSPICIOUS, None
    words = text.translate(_WORD_BYTES).split()
    hits = TRIGGERS.intersection(words)
    if not FORMATTERS.isdisjoint(words) and formats_escapes(code):
        return SUSPICIOUS, None
    if not hits:
        return CLEAN, None
    if hits == {b"lib"} and kind == 0:
        modules = plain_lib_imports(text, words)
        if modules is not None:
            return ONLY_LIB, modules
    return SUSPICIOUS, None


def plain_lib_imports(text, words):
    """`m` of a file that names `lib` in nothing but plain `from lib... import ...` lines, else None."""
    matches = patterns()["lib"].findall(text)
    if len(matches) != words.count(b"lib"):
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


def formats_escapes(code):
    """Whether a string of the file could be, or be a piece of, a format that walks dunder attributes.

    Pieces that are added up to `__globals__` either hold two underscores or end in one.
    """
    stack = [code]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            if "__" in item or item.endswith("_") or item.startswith("_"):
                return True
        elif isinstance(item, (tuple, frozenset)):
            stack.extend(item)
        elif hasattr(item, "co_consts"):
            stack.extend(item.co_consts)
    return False
