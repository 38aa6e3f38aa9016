import ArgumentParser
import Foundation
import GitStore
import Reconciliation
import Reporting
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
    let agent = try await Agent.assemble(
      configuration, purpose: .looking, logger: CommonOptions.silence)
    let statuses = try await agent.store.allBranchStatuses()
    let records = try await agent.store.tenants()
    let repositories = try await Repositories.list(configuration)
    if let wanted, repositories[wanted.rawValue] == nil {
      throw AgentError(
        "no tenant `\(wanted)` has a repository", "make `\(wanted).git` in repositories.root")
    }
    var answer = PlanAnswer(tenants: [])
    var failed = false
    for record in records
    where wanted == nil && record.status != .removed && repositories[record.tenant.rawValue] == nil
    {
      FileHandle.standardError.write(
        Data(
          ("Error: tenant \(record.tenant) has no repository: bring it back, or end the tenant with "
            + "`sync-agent tenant remove \(record.tenant) --confirm`\n").utf8))
      failed = true
    }
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
    if format == .json {
      try Output.json(answer)
    } else {
      Output.write(answer.text(Output.style))
    }
    if failed { throw ExitCode(1) }
    if answer.tenants.contains(where: { !$0.quarantined.isEmpty || $0.held != nil }) {
      throw ExitCode(3)
    }
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
    /// The revision that each rolled-back utility is served at.
    var rollbacks: [String: String]
    /// What a reader has to know of the revision.
    var note: String?

    enum CodingKeys: CodingKey {
      case tenantcode, branch, revision, changes, rollout, quarantined, held, rollbacks, note
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
      try container.encode(rollbacks, forKey: .rollbacks)
      try container.encode(note, forKey: .note)
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
      held = preview.held
      rollbacks = preview.rollbacks.mapValues(\.revision)
      note = preview.note
    }
  }
  var tenants: [Branch]

  /// The plan as people read it, each change field by field.
  func text(_ style: TextStyle) -> String {
    var lines: [String] = []
    for branch in tenants {
      lines.append(
        style.paint("\(branch.tenantcode)  \(branch.revision ?? branch.branch)", .bold))
      if let note = branch.note {
        lines.append("  " + style.paint("note: \(SafeText.line(note))", .yellow))
      }
      for change in branch.changes { lines += Self.lines(change, style) }
      for utility in branch.quarantined {
        lines.append("  " + style.paint("quarantined: \(SafeText.line(utility.name))", .red))
        for finding in utility.findings { lines.append("    " + Output.text(finding)) }
      }
      if let held = branch.held {
        lines.append("  " + style.paint("held: \(SafeText.line(held.reason))", .yellow))
      }
      for (name, revision) in branch.rollbacks.sorted(by: { $0.key < $1.key }) {
        lines.append("  rolled back: \(SafeText.line(name)) to \(revision)")
      }
      if branch.rollout.restart { lines.append(Self.line(branch.rollout, style)) }
      if branch.changes.isEmpty, branch.quarantined.isEmpty, !branch.rollout.restart {
        lines.append("  nothing to do")
      }
    }
    return lines.map { $0 + "\n" }.joined()
  }

  private static func line(_ rollout: Rollout, _ style: TextStyle) -> String {
    let release = rollout.release.isEmpty ? "nothing" : String(rollout.release.prefix(12))
    return "  " + style.paint("restart", .yellow)
      + " \(rollout.runtime) would be replaced: release \(release)"
  }

  private static func lines(_ change: Change, _ style: TextStyle) -> [String] {
    let colour: TextStyle.Colour =
      switch change.change {
      case "create", "revive": .green
      case "remove": .red
      default: .yellow
      }
    let from = change.from.map { " (was \(SafeText.line($0)))" } ?? ""
    let id = change.id.map { " #\($0)" } ?? ""
    var lines = [
      "  \(style.paint(change.change, colour)) \(SafeText.line(change.name))\(from)\(id)"
    ]
    for (field, values) in change.fields.sorted(by: { $0.key < $1.key }) {
      let (old, new) = (values[0].text, values[1].text)
      // A new entry says what it is; what is empty in it says nothing.
      if change.change == "create", ["null", "\"\"", "[]", "false"].contains(new ?? "null") {
        continue
      }
      // When it was written tells nothing of what is written.
      let diff = ValueDiff.lines(from: old, to: new).filter { !Self.tellsTime($0) }
      lines += fieldLines(field, diff, style)
    }
    return lines
  }

  private static func tellsTime(_ line: ValueDiff.Line) -> Bool {
    switch line {
    case .same(let text), .removed(let text), .added(let text): text.contains("\"synced_at\" :")
    case .skipped: false
    }
  }

  /// One field: on lines of its own where there is more than a value before and a value after.
  private static func fieldLines(
    _ field: String, _ diff: [ValueDiff.Line], _ style: TextStyle
  ) -> [String] {
    func shown(_ line: ValueDiff.Line, _ lead: String) -> String {
      switch line {
      case .removed(let text): style.paint("    - \(lead)\(cut(text))", .red)
      case .added(let text): style.paint("    + \(lead)\(cut(text))", .green)
      case .same(let text): "      \(lead)\(cut(text))"
      case .skipped(let count): style.paint("      \(lead)… \(count) more", .dim)
      }
    }
    if diff.count <= 2 { return diff.map { shown($0, "\(field): ") } }
    return ["      \(field):"] + diff.map { shown($0, "  ") }
  }

  private static func cut(_ text: String) -> String {
    let safe = SafeText.line(text)
    return safe.count > 160 ? "\(safe.prefix(160))…" : safe
  }
}

/// A field's value of any JSON type.
enum FieldValue: Encodable, Equatable {
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

  /// The value as JSON text, nil where there is none.
  var text: String? {
    switch self {
    case .null: nil
    case .json(let text): text
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
