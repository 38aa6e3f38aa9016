import Deployment
import UtilityModel

extension TenantReconciler {
  /// The package environments as they stood when the tenant was last looked at.
  struct PackageOutlook: Sendable {
    var sets: [PackageSet]
    var states: [String: PackageState]
  }

  /// Has the packages of all accepted utilities installed, and tells what is not there.
  ///
  /// Where the caller only looks, what the last sync of the same revision found is taken, and all else
  /// as there. Throws `DeploymentError`.
  func missingPackages(
    _ branches: [BranchState?]
  ) async throws -> [String: PackageRefusal] {
    guard let environments = context.environments else {
      return recordedRefusals(branches.compactMap { $0 })
    }
    let versions = branches.compactMap { $0 }.flatMap(\.utilities.values)
    let pins = statuses.values.flatMap { ($0.pins ?? [:]).values }
    let sets = PackageEnvironment.sets(
      versions.map(\.metadata.packages) + pins.map { $0.packages ?? [] })
    let states = try await environments.ensure(sets, tenant: tenant.rawValue)
    packages = PackageOutlook(sets: sets, states: states)
    return states.compactMapValues { PackageRefusal($0) }
  }

  private func recordedRefusals(_ branches: [BranchState]) -> [String: PackageRefusal] {
    var refusals: [String: PackageRefusal] = [:]
    for state in branches {
      guard let status = statuses[state.revision.branch],
        status.applied == state.revision.description
      else { continue }
      for utility in status.report?.quarantined ?? [] {
        guard let version = state.utilities[utility.name],
          let finding = utility.findings.first(where: { Self.packageRules.contains($0.rule) })
        else { continue }
        refusals[PackageEnvironment.digest(of: version.metadata.packages)] = PackageRefusal(
          rule: Rule(rawValue: finding.rule), message: finding.message, hint: finding.hint)
      }
    }
    return refusals
  }

  private static let packageRules = [
    Rule.packagesPending.rawValue, Rule.packagesUnresolvable.rawValue,
  ]

  /// The pins whose packages are there: without them a server would not start.
  func installed(_ pins: [String: PinnedUtility]) async throws -> [String: PinnedUtility] {
    guard let environments = context.environments, pins.values.contains(where: { $0.env != nil })
    else { return pins }
    let sets = pins.values.compactMap { pin in
      pin.env.map { PackageSet(digest: $0, requirements: pin.packages ?? []) }
    }
    let states = try await environments.states(of: sets)
    return pins.filter { name, pin in
      guard let env = pin.env else { return true }
      if case .ready = states[env] { return true }
      logger.error(
        "the last good version of a utility has lost its packages and is not served",
        metadata: ["utility": "\(name)", "environment": "\(env.prefix(12))"])
      return false
    }
  }

  /// Whether the package environments stand as they did when the tenant was last looked at.
  func arePackagesSettled() async -> Bool {
    guard let environments = context.environments else { return true }
    guard let packages else { return await needsNoPackages() }
    guard !packages.sets.isEmpty else { return true }
    do {
      return try await environments.states(of: packages.sets) == packages.states
    } catch {
      // What they are made for is not known at the moment; the next look asks again.
      return true
    }
  }

  /// After a start: whether neither what runs nor what was refused has to do with packages.
  private func needsNoPackages() async -> Bool {
    for status in statuses.values {
      let findings = (status.report?.quarantined ?? []).flatMap(\.findings)
      if findings.contains(where: { Self.packageRules.contains($0.rule) }) { return false }
    }
    guard let releases = context.releases else { return true }
    let tenant = tenant
    for hex in statuses.values.flatMap({ [$0.release, $0.trialRelease ?? ""] }) {
      guard let digest = Digest(hex: hex) else { continue }
      let release = try? await context.pool.run { try releases.release(digest, of: tenant) }
      if release?.manifest.environments.isEmpty == false { return false }
    }
    return true
  }
}
