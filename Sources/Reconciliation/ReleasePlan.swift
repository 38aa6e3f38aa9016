import Catalog
import Deployment
import UtilityModel

/// What the runtimes of a tenant are to serve. Pure.
struct ReleasePlan: Sendable {
  /// The active runtime's contents, nil where it has nothing to serve.
  var active: ReleaseContents?
  /// The trial runtime's contents, nil where there is none.
  var trial: ReleaseContents?

  /// Where no runtime serves releases.
  static let nothing = ReleasePlan()

  private init() {}

  init(
    tenant: TenantCode, input: PlanInput, activePins: [String: PinnedUtility],
    trialPins: [String: PinnedUtility], superseded: Set<String> = []
  ) {
    func accepted(_ branch: BranchState?, where include: (UtilityVersion) -> Bool)
      -> [ReleaseUtility]
    {
      (branch?.utilities.values.map { $0 } ?? [])
        .filter {
          include($0) && PackageEnvironment.refusal(of: $0, missing: input.missingPackages) == nil
        }
        .map(Self.utility)
    }
    active = Self.contents(
      tenant, utilities: accepted(input.approved) { !$0.metadata.draft }, pins: activePins,
      modules: input.approved.modules)
    let onTrial = input.trial?.utilities ?? [:]
    let drafts = accepted(input.approved) {
      $0.metadata.draft && onTrial[$0.name] == nil && !superseded.contains($0.name)
    }
    trial = Self.contents(
      tenant, utilities: accepted(input.trial) { _ in true } + drafts, pins: trialPins,
      modules: input.trial?.modules ?? input.approved.modules)
  }

  private static func utility(_ version: UtilityVersion) -> ReleaseUtility {
    ReleaseUtility(
      name: version.name, filehash: version.filehash, blob: version.blob,
      timeout: version.metadata.timeout,
      env: PackageEnvironment.digest(of: version.metadata.packages))
  }

  private static func contents(
    _ tenant: TenantCode, utilities: [ReleaseUtility], pins: [String: PinnedUtility],
    modules: [PathKey: SharedModule]
  ) -> ReleaseContents? {
    var utilities = utilities
    var modules = modules
    let names = Set(utilities.map(\.name))
    for pin in pins.values.sorted(by: { $0.name < $1.name }) where !names.contains(pin.name) {
      guard let hash = Digest(hex: pin.filehash) else { continue }
      utilities.append(
        ReleaseUtility(
          name: pin.name, filehash: hash, blob: pin.blob, timeout: pin.timeout,
          env: pin.env ?? ""))
      for (path, module) in pin.modules where modules[PathKey(path)] == nil {
        guard let hash = Digest(hex: module.filehash) else { continue }
        modules[PathKey(path)] = SharedModule(path: path, blob: module.blob, filehash: hash)
      }
    }
    guard !utilities.isEmpty else { return nil }
    return ReleaseContents(tenant: tenant, utilities: utilities, modules: Array(modules.values))
  }
}
