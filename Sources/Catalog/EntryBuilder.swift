import UtilityModel

/// Makes the catalog entry of one accepted version: pure, and the only place that knows the LLD
/// builder's derived values.
///
/// Source: LLD, "TaskObjectBuilder"; contract, section 3.
public enum EntryBuilder {
  /// The entry of `version` in `status`.
  ///
  /// - Parameters:
  ///   - id: the utility's number, or 0 for a store to assign.
  ///   - tenant: the tenant.
  ///   - version: what the branch's tree says.
  ///   - status: the entry's status.
  ///   - userid: the owner, resolved.
  ///   - restURL: where the runtime answers for this utility.
  ///   - port: the runtime's port.
  ///   - env: the digest of the package environment, or "".
  ///   - provenance: who last changed the utility's files.
  ///   - branch: the branch's short name.
  ///   - created: when the utility came into the catalog, in milliseconds since 1970.
  ///   - updated: when anything visible last changed, in milliseconds since 1970.
  ///   - now: the time of this sync, in milliseconds since 1970.
  public static func entry(
    id: Int32, tenant: TenantCode, version: UtilityVersion, status: EntryStatus, userid: Int64,
    restURL: String, port: String, env: String, provenance: Provenance, branch: String,
    created: Int64, updated: Int64, now: Int64
  ) -> CatalogEntry {
    let (name, metadata) = (version.name, version.metadata)
    var entry = CatalogEntry(
      sync: SyncStamp(version: version, provenance: provenance, branch: branch, now: now))
    entry.name = name
    entry.id = id
    entry.displayname = metadata.displayname
    entry.description = metadata.description
    entry.type = "customutils"
    entry.fields = fields(metadata)
    entry.createddate = created
    entry.updateddate = updated
    entry.status = status
    entry.tasksTag = "custom_utils_" + name
    entry.taskHandler = "Utils"
    entry.restURL = restURL
    entry.method = "POST"
    entry.tenantcode = tenant.rawValue
    entry.filename = name + ".py"
    entry.packages = metadata.packages
    entry.port = port
    entry.foldername = "/opt/zona/custom_utils/python/"
    entry.userid = userid
    entry.customutils = true
    entry.integrationID = -1
    entry.utilsUsed = false
    entry.restEnd = "/" + name + "/"
    entry.inputParams = inputParams
    entry.parameters = metadata.parameters
    entry.functionname = name + "()"
    entry.outputfields = outputFields(metadata.outputs)
    entry.playbookNames = metadata.playbooks
    entry.category = metadata.category
    entry.filehash = version.filehash.hex
    entry.metahash = version.metahash.hex
    entry.env = env
    return entry
  }

  /// Gives an entry another name, and what is derived from it; `restURL` is where it would answer.
  public static func rename(_ entry: inout CatalogEntry, to name: String, restURL: String) {
    entry.name = name
    entry.tasksTag = "custom_utils_" + name
    entry.restURL = restURL
    entry.filename = name + ".py"
    entry.restEnd = "/" + name + "/"
    entry.functionname = name + "()"
  }

  /// The call's parameters, with the LLD's own spacing.
  private static let inputParams =
    #"{"params":[{"name":"data", "order":1,"type":"string"},"#
    + #"{"name":"filter", "order":2,"type":"string"}]}"#

  /// The form's input fields: the LLD's keys in the LLD's order, the labels escaped.
  private static func fields(_ metadata: Metadata) -> String {
    var writer = JSONWriter(capacity: 384)
    writer.openObject()
    writer.key("inputfields")
    writer.openArray()
    field(
      "data", label: metadata.inputLabel, type: "textarea", required: true,
      placeholder: "Enter " + metadata.inputLabel, to: &writer)
    field(
      "filter", label: metadata.filterLabel, type: "textbox", required: metadata.requiredFilter,
      placeholder: "Enter data for " + metadata.filterLabel, to: &writer)
    writer.closeArray()
    writer.closeObject()
    return String(decoding: writer.bytes, as: UTF8.self)
  }

  private static func field(
    _ name: String, label: String, type: String, required: Bool, placeholder: String,
    to writer: inout JSONWriter
  ) {
    writer.openObject()
    writer.key("name")
    writer.string(name)
    writer.key("label")
    writer.string(label)
    writer.key("type")
    writer.string(type)
    writer.key("id")
    writer.string(name)
    writer.key("required")
    writer.boolean(required)
    writer.key("value")
    writer.string("")
    writer.key("placeholder")
    writer.string(placeholder)
    writer.closeObject()
  }

  /// The outputs: a bare name stays a string, a described one has the keys that are present.
  private static func outputFields(_ outputs: [OutputField]) -> String {
    var writer = JSONWriter()
    writer.openObject()
    writer.key("outputs")
    writer.openArray()
    for output in outputs {
      switch output {
      case .name(let name): writer.string(name)
      case .described(let name, let type, let description):
        writer.openObject()
        writer.key("name")
        writer.string(name)
        if !type.isEmpty {
          writer.key("type")
          writer.string(type)
        }
        if !description.isEmpty {
          writer.key("description")
          writer.string(description)
        }
        writer.closeObject()
      }
    }
    writer.closeArray()
    writer.closeObject()
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}
