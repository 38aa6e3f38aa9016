import Catalog
import CatalogAPI
import Foundation
import Logging
import Reconciliation
import Synchronization
import UtilityModel

/// Tells the event streams what the catalog, the branches and the runtimes do.
///
/// The hub hears of a snapshot after readers can see it, so that whoever reads the list later than an
/// event's id finds it there.
final class EventFeed: Sendable {
  /// Up to this many changed entries are told one by one; beyond, the list is read faster.
  private static let oneByOne = 128

  private struct Utility: Encodable {
    var id: Int32
    var name: String
    var status: String
    /// `written` or `deleted`.
    var change: String
    var filehash: String
    var updateddate: Int64
  }
  private struct Branch: Encodable, Equatable {
    var tenantcode: String
    var branch: String
    var phase: SyncPhase
    var observed: String?
    var applied: String?
    var release: String
    var changes: [String: Int]
    var quarantined: [String]
    var rolledBack: [String]
    var error: String?
    var nextRetry: Int64?
    /// True where the branch is gone; else nil, which is not written.
    var removed: Bool?

    enum CodingKeys: String, CodingKey {
      case tenantcode, branch, phase, observed, applied, release, changes, quarantined, error,
        removed
      case rolledBack = "rolled_back"
      case nextRetry = "next_retry"
    }

    init(_ status: BranchStatus, of tenant: TenantCode) {
      tenantcode = tenant.rawValue
      branch = status.branch
      phase = status.phase
      observed = status.observed
      applied = status.applied
      release = status.release
      changes = status.report?.changes ?? [:]
      quarantined = status.report?.quarantined.map(\.name) ?? []
      rolledBack = (status.rollbacks ?? [:]).keys.sorted()
      error = status.report?.error
      nextRetry = status.nextRetry
    }

    /// What is told of a branch that is gone: nothing of it is observed or applied any more.
    func gone() -> Branch {
      var gone = self
      (gone.observed, gone.applied, gone.release) = (nil, nil, "")
      (gone.changes, gone.quarantined, gone.rolledBack) = ([:], [], [])
      (gone.error, gone.nextRetry, gone.removed) = (nil, nil, true)
      return gone
    }
  }
  private struct Known {
    /// The newest snapshots: the names of what is deleted next.
    var snapshots: [TenantCode: TenantSnapshot] = [:]
    var branches: [TenantCode: [Branch]] = [:]
  }

  let hub: EventHub
  private let logger: Logger
  private let known = Mutex(Known())

  init(hub: EventHub, logger: Logger) {
    self.hub = hub
    self.logger = logger
  }

  /// Listens from now on.
  func follow(_ snapshots: SnapshotStore, _ board: StatusBoard) {
    known.withLock { known in
      for tenant in snapshots.tenants() { known.snapshots[tenant] = snapshots.snapshot(of: tenant) }
    }
    snapshots.onChange { self.tell($0) }
    board.onChange { self.tell($1, of: $0) }
  }

  /// A step of a rollout.
  func tell(_ rollout: Rollout) {
    guard let tenant = TenantCode(rollout.tenantcode) else { return }
    publish(.rollout, rollout, of: tenant)
  }

  private func tell(_ publication: SnapshotStore.Publication) {
    let tenant = publication.tenant
    let before = known.withLock { known in
      defer { known.snapshots[tenant] = publication.snapshot }
      return known.snapshots[tenant]
    }
    guard let snapshot = publication.snapshot else {
      known.withLock { _ = $0.branches.removeValue(forKey: tenant) }
      return hub.remove(tenant)
    }
    guard let changed = publication.changed, changed.count <= Self.oneByOne else {
      return publish(.reset, ["reason": "many entries changed at once"], of: tenant)
    }
    for key in changed {
      let item = snapshot.item(key)
      let shown = item ?? before?.item(key)
      publish(
        .utility,
        Utility(
          id: key.id, name: shown?.name ?? "", status: key.status.rawValue,
          change: item == nil ? "deleted" : "written", filehash: item?.filehash ?? "",
          updateddate: shown?.updateddate ?? 0), of: tenant)
    }
  }

  private func tell(_ statuses: [BranchStatus], of tenant: TenantCode) {
    let branches = statuses.map { Branch($0, of: tenant) }
    let before = known.withLock { $0.branches.updateValue(branches, forKey: tenant) }
    for branch in branches where before?.contains(branch) != true {
      publish(.sync, branch, of: tenant)
    }
    let names = Set(branches.map(\.branch))
    for branch in before ?? [] where !names.contains(branch.branch) {
      publish(.sync, branch.gone(), of: tenant)
    }
  }

  private func publish(_ kind: EventHub.Kind, _ value: some Encodable, of tenant: TenantCode) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      hub.publish(kind, Array(try encoder.encode(value)), of: tenant)
    } catch {
      logger.error(
        "an event cannot be written", metadata: ["tenant_code": "\(tenant)", "error": "\(error)"])
    }
  }
}
