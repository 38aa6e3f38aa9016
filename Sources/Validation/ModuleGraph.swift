import UtilityModel

/// Which shared modules a file needs, directly and through others.
struct ModuleGraph: Sendable {
  /// A judged module.
  struct Module: Sendable {
    var entry: SourceEntry
    var filehash: Digest?
    var findings: [Finding]
    var imports: [String]
  }

  /// The modules by path.
  var modules: [PathKey: Module] = [:]

  /// The modules that `imports` reach, sorted, and the names that nothing stands behind.
  func closure(of imports: [String]) -> (paths: [PathKey], missing: [String]) {
    var paths: Set<PathKey> = []
    var absent: Set<String> = []
    var pending = imports
    var seen = Set(imports)
    while let name = pending.popLast() {
      let found = files(for: name)
      if found.isEmpty, !isFolder(name) { absent.insert(name) }
      for path in found where paths.insert(path).inserted {
        for next in modules[path]?.imports ?? [] where seen.insert(next).inserted {
          pending.append(next)
        }
      }
    }
    let missing = absent.filter { name in
      let parent = String(name.prefix(upTo: name.lastIndex(of: ".") ?? name.startIndex))
      if parent.isEmpty { return true }
      // The fault may be the parent's.
      if files(for: parent).isEmpty { return isFolder(parent) }
      // `lib.a.b` may be the name `b` in the module `lib.a`, unless something is below it.
      return seen.contains { $0.hasPrefix(name + ".") }
    }
    return (paths.sorted(), missing.sorted())
  }

  /// The files that importing the dotted name runs: the packages on the way and the module.
  private func files(for name: String) -> [PathKey] {
    let path = name.split(separator: ".").joined(separator: "/")
    var own: [PathKey] = []
    for candidate: PathKey in [PathKey("\(path).py"), PathKey("\(path)/__init__.py")]
    where modules[candidate] != nil {
      own.append(candidate)
    }
    guard !own.isEmpty else { return [] }
    var parent = path
    while let slash = parent.lastIndex(of: "/") {
      parent = String(parent[..<slash])
      let package = PathKey("\(parent)/__init__.py")
      if modules[package] != nil { own.append(package) }
    }
    return own
  }

  private func isFolder(_ name: String) -> Bool {
    let prefix = name.split(separator: ".").joined(separator: "/") + "/"
    return modules.keys.contains { $0.text.hasBytes(before: prefix) }
  }
}
