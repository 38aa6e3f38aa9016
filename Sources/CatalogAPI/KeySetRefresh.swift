import Concurrency
import Logging
import Synchronization

/// The present keys, with a number that grows with every new set. Safe from any thread.
final class KeySetStore: Sendable {
  private let state: Mutex<(set: KeySet?, generation: UInt64)> = Mutex((nil, 0))

  var current: (set: KeySet?, generation: UInt64) { state.withLock { $0 } }

  func replace(_ set: KeySet) {
    state.withLock {
      $0.set = set
      $0.generation += 1
    }
  }
}

/// Keeps a `KeySetStore` current: reads files that change, asks addresses from time to time and when
/// a token names an unknown key. A set that cannot be had or used leaves the last good one in place.
actor KeySetRefresh {
  /// How files are looked at, and how soon after another an unknown key makes for a new look.
  static let fileInterval = Duration.seconds(1)
  static let unknownKeyInterval = Duration.seconds(5)
  /// The first wait after a failure; doubled up to the interval.
  static let firstRetry = Duration.seconds(1)

  private let settings: AuthenticationSettings
  private let store: KeySetStore
  private let logger: Logger
  private let report: @Sendable (AuthenticationHealth) -> Void

  private var document: [UInt8]?
  private var secret: [UInt8]?
  private var stamps: [String: KeySetFile.Stamp] = [:]
  private var failures = 0
  private var lastAttempt: ContinuousClock.Instant?
  private var inFlight: Task<Void, Never>?
  private var nextFetch = ContinuousClock.now

  init(
    _ settings: AuthenticationSettings, store: KeySetStore, logger: Logger,
    report: @escaping @Sendable (AuthenticationHealth) -> Void
  ) {
    self.settings = settings
    self.store = store
    self.logger = logger
    self.report = report
  }

  /// The first look. Throws where a file is not usable; an address that does not answer is not the
  /// agent's fault and is asked again.
  func start() async throws {
    do {
      try await load(isFetchDue: true)
      succeeded()
    } catch let failure as KeySetDownload.Failure {
      failed(failure)
    }
  }

  /// Looks at what is due. Never throws: the last good set stays.
  func tick() async { await look(isFetchDue: ContinuousClock.now >= nextFetch) }

  /// Looks for a newer set, at most once per interval whoever asks; callers wait for the one look.
  func lookForUnknownKey() async {
    if let inFlight { return await inFlight.value }
    let now = ContinuousClock.now
    if let lastAttempt, now - lastAttempt < Self.unknownKeyInterval { return }
    lastAttempt = now
    await look(isFetchDue: true)
  }

  private func look(isFetchDue: Bool) async {
    if let inFlight { return await inFlight.value }
    let task = Task { await self.attempt(isFetchDue: isFetchDue) }
    inFlight = task
    await task.value
    inFlight = nil
  }

  private func attempt(isFetchDue: Bool) async {
    do {
      if try await load(isFetchDue: isFetchDue) { succeeded() }
    } catch {
      failed(error)
    }
  }

  /// Reads what changed and is due; whether anything was read. Throws the first failure.
  @discardableResult
  private func load(isFetchDue: Bool) async throws -> Bool {
    var document = document
    var secret = secret
    var seen = stamps
    var isRead = false
    var failure: KeySetDownload.Failure?
    if let path = settings.secretFile {
      let file = KeySetFile(path: path, isSecret: true)
      if let bytes = try await changed(file, &seen) {
        secret = KeySetFile.trimmed(bytes)
        isRead = true
      }
    }
    switch settings.keySet {
    case .file(let path):
      if let bytes = try await changed(KeySetFile(path: path), &seen) {
        document = bytes
        isRead = true
      }
    case .url(let address) where isFetchDue:
      lastAttempt = .now
      do throws(KeySetDownload.Failure) {
        document = try await usable(KeySetDownload.bytes(at: address))
      } catch {
        failure = error
      }
      isRead = true
    case .url, nil: break
    }
    guard isRead else { return false }
    // A state that was looked at is not read again, whether it is usable or not.
    stamps = seen
    if document != self.document || secret != self.secret {
      try await adopt(document, secret)
    }
    if let failure { throw failure }
    return true
  }

  /// A fetched document, where there are keys in it.
  private func usable(_ document: [UInt8]) async throws(KeySetDownload.Failure) -> [UInt8] {
    var set = KeySet()
    do {
      try await set.add(jwks: document, algorithms: settings.algorithms)
    } catch {
      throw KeySetDownload.Failure(description: "\(error)")
    }
    return document
  }

  private func adopt(_ document: [UInt8]?, _ secret: [UInt8]?) async throws {
    var set = KeySet()
    if let document { try await set.add(jwks: document, algorithms: settings.algorithms) }
    if let secret { try await set.add(secret: secret, algorithms: settings.algorithms) }
    for reason in set.ignored {
      logger.warning("a key of the key set is not used", metadata: ["reason": "\(reason)"])
    }
    (self.document, self.secret) = (document, secret)
    store.replace(set)
    logger.info("the keys for tokens are loaded", metadata: ["source": "\(settings.summary)"])
  }

  /// The content of a file whose state is not the known one; nil where nothing changed.
  private func changed(
    _ file: KeySetFile, _ seen: inout [String: KeySetFile.Stamp]
  ) async throws(KeySetFile.Refusal) -> [UInt8]? {
    if let known = seen[file.path], await file.stamp() == known { return nil }
    let (bytes, stamp) = try await file.read()
    seen[file.path] = stamp
    return bytes
  }

  private func succeeded() {
    failures = 0
    // Jitter, so that many agents do not ask at the same time.
    nextFetch = .now + settings.keySetInterval * Double.random(in: 0.9...1.1)
    report(.working)
  }

  private func failed(_ error: any Error) {
    failures += 1
    let retry = min(
      Self.firstRetry * Double(1 << min(failures - 1, 12)), settings.keySetInterval)
    nextFetch = .now + retry * Double.random(in: 0.5...1)
    let isServing = store.current.set != nil
    report(isServing ? .lastGood : .noKeys)
    // A failure that lasts is told once a doubling, not once a second.
    guard failures & (failures - 1) == 0 else { return }
    logger.error(
      isServing
        ? "the keys for tokens cannot be renewed; the last good ones are used"
        : "the keys for tokens cannot be had; every token is answered 503",
      metadata: ["source": "\(settings.summary)", "error": "\(error)"])
  }
}
