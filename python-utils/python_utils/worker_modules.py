"""Part of the worker: imports the release's modules from bytes, not from disk."""

from __future__ import annotations

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType


class ReleaseModules:
    """Finder and loader of `lib` from the bytes it was given, after PEP 451 and PEP 420.

    Search locations of packages are empty: nothing on disk can add a module to `lib`.
    """

    def __init__(self, sources: dict[str, bytes]) -> None:
        self._code: dict[str, tuple[str, bytes]] = {}
        self._packages: set[str] = set()
        self._folders: set[str] = set()
        # A package wins over a module of the same name, as on disk.
        for path in sorted(sources, key=lambda path: path.endswith("/__init__.py")):
            parts = path.removesuffix(".py").split("/")
            self._folders.update(".".join(parts[:end]) for end in range(1, len(parts)))
            if parts[-1] == "__init__":
                parts.pop()
                self._packages.add(".".join(parts))
            self._code[".".join(parts)] = (path, sources[path])

    def find_spec(self, name: str, path: object = None, target: object = None) -> ModuleSpec | None:
        if name in self._code:
            spec = ModuleSpec(
                name, self, origin=self._code[name][0], is_package=name in self._packages
            )
            spec.has_location = True
            return spec
        if name in self._folders:
            return ModuleSpec(name, None, is_package=True)
        return None

    def create_module(self, spec: ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        path, source = self._code[module.__name__]
        exec(compile(source, path, "exec", dont_inherit=True), module.__dict__)

    def get_source(self, name: str) -> str:
        """Called by `linecache`, so that tracebacks show their lines."""
        from importlib.util import decode_source

        return decode_source(self._code[name][1])

    def load_utility(self, name: str, path: str, source: bytes) -> ModuleType:
        """Run a utility as module `utils.<name>`: a utility may be called like a module of
        the standard library, and must not take its place."""
        qualified = f"utils.{name}"
        self._code[qualified] = (path, source)
        module = ModuleType(qualified)
        module.__file__ = path
        module.__loader__ = self
        module.__spec__ = self.find_spec(qualified)
        sys.modules[qualified] = module
        self.exec_module(module)
        return module
