import Concurrency
import Foundation
import Logging
import Metrics

/// How a package environment stands.
public enum PackageState: Hashable, Sendable {
  /// It is there, in this folder.
  case ready(String)
  /// pip is at work.
  case installing
  /// pip refused, and will until the requirements, or the wheels that there are, change.
  case refused(String)
  /// It did not work this time; it is tried again by itself.
  case failed(String)
  /// Nobody asked for it yet, or it is time to try again.
  case due
}

/// The package environments of all tenants: made once for a distinct set of requirements, in the
/// place where they are used, and shared.
///
/// Installing never holds anybody up for longer than `patience`: it goes on, and `onChange` tells
/// the tenants that asked.
public actor PackageEnvironments {
  /// How long things may take.
  public struct Configuration: Sendable {
    /// Where packages come from.
    public var source: PackageSource
    /// How long one installation may take.
    public var limit = Duration.seconds(300)
    /// How many installations run at a time.
    public var concurrency = 2
    /// How long a failure that may pass is left alone at first; doubled each time, up to an hour.
    public var retry = Duration.seconds(15)
    /// How long a refusal by an index holds: somebody may have published what was missing.
    public var refusalLife = Duration.seconds(86_400)
    /// How long environments of another interpreter or image stay.
    public var targetLife = Duration.seconds(3600)

    /// The defaults, with a source.
    public init(source: PackageSource) { self.source = source }
  }

  struct Key: Hashable {
    var target: String
    var digest: String
  }

  private enum Attempt {
    case running(Task<Void, Never>)
    case refused(String, source: String, until: ContinuousClock.Instant)
    case failed(String, count: Int, until: ContinuousClock.Instant)
  }

  let configuration: Configuration
  let folder: EnvironmentFolder
  let installer: any PackageInstaller
  let pool = BlockingPool(name: "packages", width: 1)
  let logger: Logger
  /// How far installing is.
  public nonisolated let progress = PackageProgress()
  private let permits: Permits
  private var attempts: [Key: Attempt] = [:]
  /// Who waits for what.
  private var askers: [String: Set<String>] = [:]
  /// What each tenant needs, as it said last.
  var needs: [String: Set<String>] = [:]
  var otherTargets: [String: ContinuousClock.Instant] = [:]
  /// The pruning that goes on, and whether it is to be done again.
  var pruning: Task<Void, Never>?
  var prunesAgain = false
  private var patience: Duration
  private var onChange: (@Sendable (String) -> Void)?

  /// Environments below `root`, filled by pip of the interpreter `python`.
  public init(
    root: String, python: String, configuration: Configuration, logger: Logger
  ) {
    self.init(
      root: root,
      installer: HostInstaller(
        python: python, source: configuration.source, limit: configuration.limit),
      configuration: configuration, logger: logger)
  }

  init(
    root: String, installer: any PackageInstaller, configuration: Configuration, logger: Logger
  ) {
    folder = EnvironmentFolder(root: URL(fileURLWithPath: root).path)
    self.installer = installer
    self.configuration = configuration
    self.logger = logger
    patience = configuration.limit
    permits = Permits(configuration.concurrency)
  }

  /// From now on nobody waits longer than `patience`: `handler` is told of each tenant (its code)
  /// for which something may stand otherwise. Without a call everybody waits for pip.
  public func onChange(patience: Duration, _ handler: @escaping @Sendable (String) -> Void) {
    self.patience = patience
    onChange = handler
  }

  /// Has the environments of `sets` made where they are not there, for a tenant that needs no others.
  ///
  /// Comes back when none is under way, or after the patience. Throws `DeploymentError` where it is
  /// not known what they are to be made for: the interpreter or the engine does not answer.
  public func ensure(
    _ sets: [PackageSet], tenant: String
  ) async throws(DeploymentError) -> [String: PackageState] {
    needs[tenant] = Set(sets.map(\.digest))
    guard !sets.isEmpty else { return [:] }
    let target = try await installer.target()
    let missing = await missing(sets, target)
    for set in missing { begin(set, target, tenant) }
    let running = missing.compactMap { task(of: Key(target: target, digest: $0.digest)) }
    if !running.isEmpty { await wait(for: running) }
    return try await states(of: sets)
  }

  /// How environments stand; makes none. Throws as `ensure`.
  public func states(
    of sets: [PackageSet]
  ) async throws(DeploymentError) -> [String: PackageState] {
    guard !sets.isEmpty else { return [:] }
    let target = try await installer.target()
    let missing = Set(await missing(sets, target).map(\.digest))
    let stamp = missing.isEmpty ? "" : await wheelsStamp()
    return Dictionary(
      sets.map { set in
        (
          set.digest,
          missing.contains(set.digest)
            ? state(of: Key(target: target, digest: set.digest), stamp: stamp)
            : .ready(folder.path(set.digest, target: target))
        )
      }, uniquingKeysWith: { first, _ in first })
  }

  /// The folders of environments, by digest. Throws `packagesMissing` where one is not there, or as
  /// `ensure`.
  public func folders(
    of digests: Set<String>, for subject: String
  ) async throws(DeploymentError) -> [String: String] {
    guard !digests.isEmpty else { return [:] }
    let target = try await installer.target()
    let missing = await missing(
      digests.map { PackageSet(digest: $0, requirements: []) }, target)
    if let first = missing.map(\.digest).min() {
      throw DeploymentError(
        .deploy, .packagesMissing, subject: subject,
        cause: "the packages \(first.prefix(12)) that it needs are not there",
        remedy: "they are installed anew when the repository is there")
    }
    return Dictionary(
      uniqueKeysWithValues: digests.map { ($0, folder.path($0, target: target)) })
  }

  /// Ends installations; the next agent begins them again.
  public func shutdown() async {
    await pruning?.value
    for case .running(let task) in attempts.values { task.cancel() }
    await installer.shutdown()
  }

  // MARK: Installing

  private func missing(_ sets: [PackageSet], _ target: String) async -> [PackageSet] {
    let folder = folder
    return await pool.run { sets.filter { !folder.has($0.digest, target: target) } }
  }

  private func task(of key: Key) -> Task<Void, Never>? {
    if case .running(let task) = attempts[key] { task } else { nil }
  }

  private func state(of key: Key, stamp: String) -> PackageState {
    let now = ContinuousClock.now
    switch attempts[key] {
    case nil: return .due
    case .running: return .installing
    case .refused(let reason, let source, let until):
      return source == stamp && now < until ? .refused(reason) : .due
    case .failed(let reason, _, let until): return now < until ? .failed(reason) : .due
    }
  }

  private func begin(_ set: PackageSet, _ target: String, _ tenant: String) {
    let key = Key(target: target, digest: set.digest)
    askers[set.digest, default: []].insert(tenant)
    guard task(of: key) == nil else { return }
    let former = attempts[key]
    attempts[key] = .running(Task { await self.attempt(set, key, former: former) })
  }

  private func attempt(_ set: PackageSet, _ key: Key, former: Attempt?) async {
    let stamp = await wheelsStamp()
    // An old refusal that still holds, or a failure whose time has not come, is the answer.
    if let former {
      switch former {
      case .refused(_, let source, let until) where source == stamp && ContinuousClock.now < until:
        attempts[key] = former
        return
      case .failed(_, _, let until) where ContinuousClock.now < until:
        attempts[key] = former
        return
      default: break
      }
    }
    var metadata: Logger.Metadata = [
      "packages": "\(set.requirements.joined(separator: ", "))",
      "environment": "\(set.digest.prefix(12))",
    ]
    logger.info("installing packages", metadata: metadata)
    let began = ContinuousClock.now
    progress.begin()
    let failure = await permits.withPermit { await fill(set, key.target) }
    progress.end()
    let took = ContinuousClock.now - began
    metadata["duration_ms"] = "\(Int(took / .milliseconds(1)))"
    let result: String
    if let failure {
      metadata["reason"] = "\(failure.reason)"
      if failure.isFinal {
        result = "refused"
        let life = configuration.source.needsNetwork ? configuration.refusalLife : .seconds(1 << 40)
        attempts[key] = .refused(
          failure.reason, source: stamp, until: ContinuousClock.now + life)
      } else {
        result = "failed"
        var count = 1
        if case .failed(_, let before, _) = former { count = before + 1 }
        let delay = min(configuration.retry * (1 << min(count - 1, 12)), .seconds(3600))
        attempts[key] = .failed(failure.reason, count: count, until: ContinuousClock.now + delay)
        tell(set.digest, after: delay)
      }
      logger.warning("packages were not installed", metadata: metadata)
    } else {
      result = "installed"
      attempts[key] = nil
      logger.info("packages are installed", metadata: metadata)
    }
    Counter(label: "package_environments_total", dimensions: [("result", result)]).increment()
    Timer(label: "package_install_duration_seconds").recordNanoseconds(
      Int64(took / .nanoseconds(1)))
    tell(set.digest, after: .zero)
  }

  private func fill(_ set: PackageSet, _ target: String) async -> PackageFailure? {
    let folder = folder
    do {
      let staging = try await pool.run { () throws(SystemError) in
        try folder.stage(target: target)
      }
      try await installer.install(set, into: staging.path)
      try await pool.run { () throws(SystemError) in
        try folder.publish(staging, set, target: target)
      }
      return nil
    } catch let error as SystemError {
      return PackageFailure(error.cause)
    } catch let error as PackageFailure {
      return error
    } catch {
      return PackageFailure("\(error)")
    }
  }

  /// Waits for all of `tasks`, or for the patience; they go on.
  private func wait(for tasks: [Task<Void, Never>]) async {
    let patience = patience
    let (ends, end) = AsyncStream.makeStream(of: Void.self)
    let watch = Task {
      for task in tasks { await task.value }
      end.finish()
    }
    let alarm = Task {
      // Cancelled as soon as the installations have ended.
      do { try await Task.sleep(for: patience) } catch { return }
      end.finish()
    }
    for await _ in ends {}
    alarm.cancel()
    watch.cancel()
  }

  private func tell(_ digest: String, after delay: Duration) {
    guard let onChange else { return }
    let tenants = askers[digest] ?? []
    Task {
      if delay > .zero {
        do { try await Task.sleep(for: delay) } catch { return }
      }
      for tenant in tenants { onChange(tenant) }
    }
  }

  /// What the folder of wheels holds: with other wheels a refusal is looked at again.
  private func wheelsStamp() async -> String {
    guard let wheels = configuration.source.wheels else { return "" }
    return await pool.run {
      do throws(SystemError) {
        return try Folder.entries(of: wheels).joined(separator: "/")
      } catch {
        return error.cause
      }
    }
  }
}
