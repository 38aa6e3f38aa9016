import ArgumentParser
import Foundation
import GitStore
import Reconciliation
import UtilityModel

/// `sync-agent plan`: what a sync would change.
struct PlanCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan", abstract: "Show what a sync would change; changes nothing.",
    discussion: """
      Exit status: 0 nothing to do; 2 changes; 3 findings; 1 failed.
      Example: sync-agent plan --tenant demo --revision HEAD~1
      """)

  @OptionGroup var options: CommonOptions
  @Option(help: "One tenant instead of all.") var tenant: String?
  @Option(help: "A commit instead of the approved branch's tip.") var revision: String?
  @Option(help: "text or json.") var format: OutputFormat = .text

  func run() async throws {
    let configuration = try options.load()
    let wanted = try tenantArgument(tenant)
    let logger = CommonOptions.logger(configuration, quiet: true)
    let agent = try await Agent.assemble(configuration, purpose: .looking, logger: logger)
    let statuses = try await agent.store.allBranchStatuses()
    let repositories = try await Repositories.list(configuration)
    if let wanted, repositories[wanted.rawValue] == nil {
      throw AgentError(
        "no tenant `\(wanted)` has a repository", "make `\(wanted).git` in repositories.root")
    }
    var answer = PlanAnswer(tenants: [])
    var failed = false
    for (code, path) in repositories.sorted(by: { $0.key < $1.key }) {
      guard let tenant = TenantCode(code), wanted == nil || tenant == wanted else { continue }
      let reconciler = TenantReconciler(
        tenant: tenant, statuses: statuses[tenant] ?? [], context: agent.context)
      do {
        var commit: ObjectID?
        if let revision {
          commit = try await BlockingCall.run { try RepositoryHandle(path: path).resolve(revision) }
        }
        let previews = try await reconciler.preview(at: path, revision: commit)
        answer.tenants += previews.map { PlanAnswer.Branch(tenant: code, preview: $0) }
      } catch {
        FileHandle.standardError.write(Data("Error: tenant \(code): \(error)\n".utf8))
        failed = true
      }
    }
    if format == .json { try Output.json(answer) } else { answer.printText() }
    if failed { throw ExitCode(1) }
    if answer.tenants.contains(where: { !$0.quarantined.isEmpty }) { throw ExitCode(3) }
    if answer.tenants.contains(where: { !$0.changes.isEmpty || $0.rollout.restart }) {
      throw ExitCode(2)
    }
  }
}

/// The `plan` command's JSON. Source: contract, section 5.
struct PlanAnswer: Encodable {
  struct Rollout: Encodable {
    var runtime: String
    var release: String
    var restart: Bool
  }
  struct Change: Encodable {
    var change: String
    var name: String
    var from: String?
    var id: Int32?
    var fields: [String: [FieldValue]]

    enum CodingKeys: CodingKey { case change, name, from, id, fields }

    /// Every key is written, null where there is nothing.
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(change, forKey: .change)
      try container.encode(name, forKey: .name)
      try container.encode(from, forKey: .from)
      try container.encode(id, forKey: .id)
      try container.encode(fields, forKey: .fields)
    }
  }
  struct Branch: Encodable {
    var tenantcode: String
    var branch: String
    var revision: String?
    var changes: [Change]
    var rollout: Rollout
    var quarantined: [QuarantinedUtility]
    var held: HeldRevision?

    enum CodingKeys: CodingKey {
      case tenantcode, branch, revision, changes, rollout, quarantined, held
    }

    /// Every key is written, null where there is nothing.
    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(tenantcode, forKey: .tenantcode)
      try container.encode(branch, forKey: .branch)
      try container.encode(revision, forKey: .revision)
      try container.encode(changes, forKey: .changes)
      try container.encode(rollout, forKey: .rollout)
      try container.encode(quarantined, forKey: .quarantined)
      try container.encode(held, forKey: .held)
    }

    init(tenant: String, preview: PlanPreview) {
      tenantcode = tenant
      branch = preview.branch
      revision = preview.revision?.description
      changes = preview.changes.map { change in
        Change(
          change: change.kind.rawValue, name: change.name, from: change.from, id: change.id,
          fields: FieldValue.differences(from: change.old?.json, to: change.new?.json))
      }
      rollout = Rollout(
        runtime: preview.runtime, release: preview.release, restart: preview.restart)
      quarantined = preview.quarantined
    }
  }
  var tenants: [Branch]

  func printText() {
    for branch in tenants {
      print("\(branch.tenantcode)  \(branch.revision ?? branch.branch)")
      for change in branch.changes {
        let from = change.from.map { " (was \($0))" } ?? ""
        print("  \(change.change) \(change.name)\(from)")
        for (field, values) in change.fields.sorted(by: { $0.key < $1.key }) {
          if values[0] != .null { print("    - \(field): \(values[0])") }
          if values[1] != .null { print("    + \(field): \(values[1])") }
        }
      }
      for utility in branch.quarantined {
        print("  quarantined: \(utility.name)")
        for finding in utility.findings { print("    " + Output.text(finding)) }
      }
      if branch.rollout.restart {
        let release =
          branch.rollout.release.isEmpty ? "nothing" : String(branch.rollout.release.prefix(12))
        print("  \(branch.rollout.runtime) would be replaced: release \(release)")
      }
      if branch.changes.isEmpty, branch.quarantined.isEmpty, !branch.rollout.restart {
        print("  nothing to do")
      }
    }
  }
}

/// A field's value of any JSON type.
enum FieldValue: Encodable, Equatable, CustomStringConvertible {
  case null
  case json(String)

  /// The fields that differ between two entries, old and new value.
  static func differences(from old: [UInt8]?, to new: [UInt8]?) -> [String: [FieldValue]] {
    let (before, after) = (fields(old), fields(new))
    var result: [String: [FieldValue]] = [:]
    for key in Set(before.keys).union(after.keys) {
      let pair = [before[key] ?? .null, after[key] ?? .null]
      // These two tell of the writing; `plan` is about what is written.
      if pair[0] != pair[1], key != "createddate", key != "updateddate" { result[key] = pair }
    }
    return result
  }

  private static func fields(_ json: [UInt8]?) -> [String: FieldValue] {
    guard let json,
      let object = try? JSONSerialization.jsonObject(with: Data(json)) as? [String: Any]
    else { return [:] }
    return object.mapValues { value in
      if value is NSNull { return .null }
      let data = try? JSONSerialization.data(
        withJSONObject: value, options: [.fragmentsAllowed, .sortedKeys, .withoutEscapingSlashes])
      return data.map { .json(String(decoding: $0, as: UTF8.self)) } ?? .null
    }
  }

  var description: String {
    switch self {
    case .null: "null"
    case .json(let text): text.count > 120 ? "\(text.prefix(120))…" : text
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .json(let text):
      try container.encode(try JSONDecoder().decode(AnyJSON.self, from: Data(text.utf8)))
    }
  }
}

/// Any JSON value, carried through.
indirect enum AnyJSON: Codable {
  case null
  case bool(Bool)
  case integer(Int64)
  case number(Double)
  case text(String)
  case array([AnyJSON])
  case object([String: AnyJSON])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let value = try? container.decode(Bool.self) {
      self = .bool(value)
    } else if let value = try? container.decode(Int64.self) {
      self = .integer(value)
    } else if let value = try? container.decode(Double.self) {
      self = .number(value)
    } else if let value = try? container.decode(String.self) {
      self = .text(value)
    } else if let value = try? container.decode([AnyJSON].self) {
      self = .array(value)
    } else {
      self = .object(try container.decode([String: AnyJSON].self))
    }
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    switch self {
    case .null: try container.encodeNil()
    case .bool(let value): try container.encode(value)
    case .integer(let value): try container.encode(value)
    case .number(let value): try container.encode(value)
    case .text(let value): try container.encode(value)
    case .array(let value): try container.encode(value)
    case .object(let value): try container.encode(value)
    }
  }
}
