import Logging

extension PackageEnvironments {
  /// Prunes beside whatever goes on, so that nobody waits for an engine that hangs. What is asked for
  /// while it is at work is done once more after it; `shutdown` waits for both.
  public func pruneSoon(released: @escaping @Sendable () throws -> Set<String>) {
    guard pruning == nil else {
      prunesAgain = true
      return
    }
    pruning = Task {
      repeat {
        prunesAgain = false
        await prune(released: released)
      } while prunesAgain
      pruning = nil
    }
  }

  /// Removes the environments that neither a tenant needs nor a release: `released` gives the
  /// digests of those that published releases name, and is asked only where there is something to
  /// remove. What fails is done the next time.
  public func prune(released: @escaping @Sendable () throws -> Set<String>) async {
    do {
      let target = try await installer.target()
      let folder = folder
      let needed = needs.values.reduce(into: Set<String>()) { $0.formUnion($1) }
      let spare = try await pool.run { () throws(SystemError) in
        try folder.digests(target: target)
      }.subtracting(needed)
      if !spare.isEmpty {
        let named = try await pool.run { try released() }
        // What was asked for meanwhile stays.
        let now = needs.values.reduce(into: Set<String>()) { $0.formUnion($1) }
        let unused = spare.subtracting(named).subtracting(now)
        try await pool.run { () throws(SystemError) in
          try folder.prune(target: target, unused: unused)
        }
        if !unused.isEmpty {
          logger.info(
            "unused package environments are removed", metadata: ["count": "\(unused.count)"])
        }
      }
      try await pruneTargets(than: target)
    } catch {
      logger.warning("package environments cannot be pruned", metadata: ["error": "\(error)"])
    }
  }

  /// Containers of the former image may still run for a while: what they use stays as long.
  private func pruneTargets(than target: String) async throws(SystemError) {
    let folder = folder
    let now = ContinuousClock.now
    let others = try await pool.run { () throws(SystemError) in
      try folder.targets()
    }.subtracting([target])
    otherTargets = otherTargets.filter { others.contains($0.key) }
    for other in others {
      guard let since = otherTargets[other] else {
        otherTargets[other] = now
        continue
      }
      guard now - since > configuration.targetLife else { continue }
      try await pool.run { () throws(SystemError) in try folder.removeTarget(other) }
    }
  }

  /// Forgets what a tenant needs that is gone.
  public func forget(tenant: String) { needs[tenant] = nil }
}
