import Glibc
import Logging

/// Which folders of which tenants are watched. Thread rule: used by the watcher's thread only.
///
/// A folder is watched before it is listed, so that nothing that appears in it is missed.
final class WatchTable {
  private enum Place { case root, checkout, repository, refs, branches, reftable }

  private struct Folder {
    let tenant: String
    let place: Place
    let path: String
  }

  /// What a batch of events asks for.
  struct Outcome {
    var tenants: Set<String> = []
    var everything = false
    var overflows = 0
    var rootLost = false
    fileprivate var stale: Set<String> = []

    var hint: Hint? {
      everything ? Hint(tenants: nil) : tenants.isEmpty ? nil : Hint(tenants: tenants)
    }
  }

  /// Tenants without a watch.
  private(set) var unwatched: Set<String> = []
  /// Watches in use here.
  var count: Int { folders.count }

  private let queue: InotifyQueue
  private let root: String
  private let limits: WatchLimits
  private let logger: Logger
  private var folders: [Int32: Folder] = [:]
  private var watches: [String: [String: Int32]] = [:]

  /// Watches the root and every tenant in it.
  init(
    queue: InotifyQueue, root: String, limits: WatchLimits, logger: Logger
  ) throws(SystemError) {
    self.queue = queue
    self.root = root
    self.limits = limits
    self.logger = logger
    let watch = try queue.add(root)
    folders[watch] = Folder(tenant: "", place: .root, path: root)
    try scanAll()
  }

  /// Acts on events and says where to look; folders that came are watched when it returns.
  func handle(_ events: [InotifyQueue.Event]) throws(SystemError) -> Outcome {
    var outcome = Outcome()
    for event in events { note(event, in: &outcome) }
    if outcome.everything {
      try scanAll()
    } else {
      for name in outcome.stale { scan(name) }
    }
    return outcome
  }

  /// Tries the tenants without a watch again; gives those that have one now.
  func retryUnwatched() -> Set<String> {
    let before = unwatched
    for name in before { scan(name) }
    return before.subtracting(unwatched)
  }

  private func note(_ event: InotifyQueue.Event, in outcome: inout Outcome) {
    if event.has(Int(IN_Q_OVERFLOW)) {
      outcome.overflows += 1
      outcome.everything = true
      return
    }
    guard let folder = folders[event.watch] else { return }
    if event.has(Int(IN_IGNORED)) { forget(event.watch) }
    var isChange = false
    var isFolderChange = false
    switch folder.place {
    case .root:
      if event.has(Int(IN_DELETE_SELF) | Int(IN_MOVE_SELF) | Int(IN_IGNORED)) {
        outcome.rootLost = true
      } else if TenantFolder(name: event.name) != nil {
        guard event.isFolder else { return noteLink(event.name) }
        outcome.tenants.insert(event.name)
        outcome.stale.insert(event.name)
      }
      return
    case .checkout: isFolderChange = event.name == ".git"
    case .repository:
      isFolderChange = event.isFolder && ["refs", "reftable", "objects"].contains(event.name)
      isChange = ["HEAD", "packed-refs", "config"].contains(event.name)
    case .refs: isFolderChange = event.isFolder && event.name == "heads"
    case .branches, .reftable:
      isFolderChange = event.isFolder
      isChange = !event.name.isEmpty && !event.name.hasSuffix(".lock")
    }
    if event.has(Int(IN_IGNORED)) { isFolderChange = true }
    if isFolderChange { outcome.stale.insert(folder.tenant) }
    if isFolderChange || isChange { outcome.tenants.insert(folder.tenant) }
  }

  private func noteLink(_ name: String) {
    var status = stat()
    guard lstat(root + "/" + name, &status) == 0, status.st_mode & S_IFMT == S_IFLNK else { return }
    logger.warning("symbolic link in the root ignored", metadata: ["folder": "\(name)"])
  }

  private func scanAll() throws(SystemError) {
    var present: Set<String> = []
    try GitStore.Folder.each(in: root) { name, isFolder in
      guard TenantFolder(name: name) != nil else { return }
      if isFolder { present.insert(name) } else { noteLink(name) }
    }
    for name in Set(watches.keys).union(unwatched).subtracting(present) { drop(name) }
    for name in present { scan(name) }
  }

  /// Brings a tenant's watches in line with its folders.
  private func scan(_ name: String) {
    guard let tenant = TenantFolder(name: name) else { return }
    let top = root + "/" + name
    guard GitStore.Folder.isFolder(top) else { return drop(name) }
    let before = watches[name] ?? [:]
    var present: Set<String> = []
    var open = [(path: top, place: tenant.isBare ? Place.repository : .checkout)]
    do throws(SystemError) {
      while let (path, place) = open.popLast() {
        guard try watch(path, place: place, tenant: name) else { continue }
        present.insert(path)
        guard present.count <= limits.perTenant else { throw SystemError(ENOSPC) }
        switch place {
        case .root, .reftable: break
        case .checkout: open.append((path + "/.git", .repository))
        case .repository: open += [(path + "/refs", .refs), (path + "/reftable", .reftable)]
        case .refs: open.append((path + "/heads", .branches))
        case .branches:
          do throws(SystemError) {
            try GitStore.Folder.each(in: path) { inner, isFolder in
              if isFolder { open.append((path + "/" + inner, .branches)) }
            }
          } catch  where error.number == ENOENT {
            continue  // Gone again; the parent's event tells.
          }
        }
      }
    } catch {
      drop(name)
      unwatched.insert(name)
      logger.warning(
        "tenant cannot be watched and is scanned on the interval",
        metadata: ["folder": "\(name)", "reason": "\(error.reason)"])
      return
    }
    unwatched.remove(name)
    for (path, watch) in before where !present.contains(path) && folders[watch]?.path == path {
      queue.remove(watch)
      forget(watch)
    }
  }

  /// Watches one folder; `false` if there is none.
  private func watch(_ path: String, place: Place, tenant: String) throws(SystemError) -> Bool {
    if watches[tenant]?[path] == nil, let total = limits.total, folders.count + 1 >= total {
      throw SystemError(ENOSPC)
    }
    let watch: Int32
    do throws(SystemError) {
      watch = try queue.add(path)
    } catch  where [ENOENT, ENOTDIR, ELOOP].contains(error.number) {
      return false
    }
    if let old = folders[watch], old.path != path { watches[old.tenant]?[old.path] = nil }
    if let old = watches[tenant]?[path], old != watch {
      // The path names another folder now; the old one moved away or is being deleted.
      queue.remove(old)
      folders[old] = nil
    }
    folders[watch] = Folder(tenant: tenant, place: place, path: path)
    watches[tenant, default: [:]][path] = watch
    return true
  }

  private func drop(_ name: String) {
    for (path, watch) in watches.removeValue(forKey: name) ?? [:]
    where folders[watch]?.path == path {
      queue.remove(watch)
      folders[watch] = nil
    }
    unwatched.remove(name)
  }

  private func forget(_ watch: Int32) {
    guard let folder = folders.removeValue(forKey: watch) else { return }
    if watches[folder.tenant]?[folder.path] == watch { watches[folder.tenant]?[folder.path] = nil }
  }
}

/// How many watches are taken at most.
struct WatchLimits {
  /// By all, the root's and the self-test's included; `nil` leaves it to the kernel.
  var total: Int?
  /// By one tenant, so that nobody's branches use up what others need.
  var perTenant = 1_000
}
