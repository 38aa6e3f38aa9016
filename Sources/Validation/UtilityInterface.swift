import UtilityModel

/// One parameter of a utility's function.
public struct Parameter: Hashable, Sendable {
  /// How it is given. The raw values are the checker's.
  public enum Kind: String, Sendable {
    /// By position only.
    case positional
    /// By position or by name.
    case any
    /// `*name`.
    case varargs
    /// By name only.
    case keyword
    /// `**name`.
    case varkeywords
  }
  /// The name.
  public var name: String
  /// How it is given.
  public var kind: Kind
  /// Whether it may be left out.
  public var hasDefault: Bool

  /// A parameter by its parts.
  public init(name: String, kind: Kind = .any, hasDefault: Bool = false) {
    self.name = name
    self.kind = kind
    self.hasDefault = hasDefault
  }
}

/// The parameters of the function that is named like its file, and the line where it begins.
public struct EntryParameters: Hashable, Sendable {
  /// The line from 1.
  public var line: Int
  /// The parameters in order.
  public var parameters: [Parameter]

  /// Parameters by their parts.
  public init(line: Int, parameters: [Parameter]) {
    self.line = line
    self.parameters = parameters
  }

  /// Takes the checker's answer, nil where it is another one.
  init?(reply: [String: Any]) {
    guard let line = reply["l"] as? Int, let rows = reply["p"] as? [[Any]] else { return nil }
    var parameters: [Parameter] = []
    for row in rows {
      guard row.count == 3, let name = row[0] as? String, let text = row[1] as? String,
        let kind = Parameter.Kind(rawValue: text), let hasDefault = row[2] as? Bool
      else { return nil }
      parameters.append(Parameter(name: name, kind: kind, hasDefault: hasDefault))
    }
    self.init(line: line, parameters: parameters)
  }

  /// As Python writes them, `/` and `*` in their places, each default as `...`.
  public var text: String {
    var parts: [String] = []
    for (index, parameter) in parameters.enumerated() {
      let previous = index > 0 ? parameters[index - 1].kind : nil
      if previous == .positional, parameter.kind != .positional { parts.append("/") }
      if parameter.kind == .keyword, previous != .keyword, previous != .varargs {
        parts.append("*")
      }
      let stars =
        switch parameter.kind {
        case .varargs: "*"
        case .varkeywords: "**"
        case .positional, .any, .keyword: ""
        }
      parts.append(stars + parameter.name + (parameter.hasDefault ? "=..." : ""))
    }
    if parameters.last?.kind == .positional { parts.append("/") }
    return parts.joined(separator: ", ")
  }
}

/// What others rely on in one version of a utility.
public struct UtilityInterface: Hashable, Sendable {
  /// The utility's name.
  public var name: String
  /// The `.py` file's path.
  public var path: String
  /// The sidecar's path, or the file's where there is none.
  public var sidecarPath: String
  /// What the sidecar says, nil where it is missing or refused.
  public var metadata: Metadata?
  /// The function's parameters, nil where there is no such function.
  public var parameters: EntryParameters?
  /// The line of the sidecar's `outputs`, 0 where there is none.
  public var outputsLine: Int

  /// An interface by its parts.
  public init(
    name: String, path: String, sidecarPath: String, metadata: Metadata?,
    parameters: EntryParameters?, outputsLine: Int = 0
  ) {
    self.name = name
    self.path = path
    self.sidecarPath = sidecarPath
    self.metadata = metadata
    self.parameters = parameters
    self.outputsLine = outputsLine
  }
}

/// The files of one version of a utility.
public struct UtilityFiles: Hashable, Sendable {
  /// The `.py` file's path.
  public var path: String
  /// The `.py` file.
  public var blob: ObjectID
  /// The sidecar's path, nil where there is none.
  public var sidecarPath: String?
  /// The sidecar, nil where there is none.
  public var sidecar: ObjectID?

  /// The utility's name.
  public var name: String { UtilityName.of(stem: SourcePath.stem(of: path)) }

  /// Files by their paths and blobs.
  public init(path: String, blob: ObjectID, sidecarPath: String?, sidecar: ObjectID?) {
    self.path = path
    self.blob = blob
    self.sidecarPath = sidecarPath
    self.sidecar = sidecar
  }
}

extension Validator {
  /// What others rely on in these versions, in their order.
  ///
  /// Nothing is judged: a file that cannot be read or parsed has no parameters, a sidecar no
  /// metadata. Throws `CheckerError`, or what `reading` throws. Waits without blocking a pool thread.
  public func interfaces(
    of versions: [UtilityFiles], reading: @escaping BlobReaderFactory
  ) async throws -> [UtilityInterface] {
    guard !versions.isEmpty else { return [] }
    return try await pool.run { [self] in try readInterfaces(versions, with: reading()) }
  }

  private func readInterfaces(
    _ versions: [UtilityFiles], with reader: any BlobReader
  ) throws -> [UtilityInterface] {
    var interfaces: [UtilityInterface] = []
    var questions: [(index: Int, request: CheckerProcess.Request)] = []
    for version in versions {
      var interface = UtilityInterface(
        name: version.name, path: version.path, sidecarPath: version.sidecarPath ?? version.path,
        metadata: nil, parameters: nil)
      if let sidecar = version.sidecar,
        case .bytes(let bytes) = reader.read(sidecar, limit: YAMLDocument.sizeLimit)
      {
        interface.metadata =
          MetadataParser.parse(bytes, path: "", stem: version.name).metadata
        interface.outputsLine = Self.line(ofKey: "outputs", in: bytes)
      }
      if case .bytes(let bytes) = reader.read(version.blob, limit: Self.sourceLimit) {
        questions.append(
          (interfaces.count, .init(kind: .parameters, path: version.path, source: bytes)))
      }
      interfaces.append(interface)
    }
    let replies = try checkers.check(questions.map(\.request))
    for ((index, _), reply) in zip(questions, replies) {
      if case .parameters(let found) = reply { interfaces[index].parameters = found }
    }
    return interfaces
  }

  /// The line of a key of the root mapping, 0 where it does not begin a line.
  private static func line(ofKey key: String, in bytes: [UInt8]) -> Int {
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    return (lines.firstIndex { $0.starts(with: "\(key):".utf8) } ?? -1) + 1
  }
}
