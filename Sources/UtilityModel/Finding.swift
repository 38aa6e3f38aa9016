/// How much a finding weighs: `HIGH` quarantines, `MEDIUM` follows `policy.medium`.
///
/// Source: LLD, "Code Validation Rules".
public enum Severity: String, Hashable, Sendable, Codable {
  /// Quarantines the utility.
  case high = "HIGH"
  /// Recorded, and treated as `policy.medium` says.
  case medium = "MEDIUM"
}

/// The name of a validation rule, as findings and `acknowledge` write it.
public struct Rule: RawRepresentable, Hashable, Sendable, Codable {
  /// The name as written.
  public let rawValue: String
  /// A rule by its name.
  public init(rawValue: String) { self.rawValue = rawValue }

  /// Imports that reach the operating system, or that cannot be resolved.
  public static let noImportOS = Rule(rawValue: "NoImportOS")
  /// Starting processes.
  public static let noSubprocess = Rule(rawValue: "NoSubprocess")
  /// Running code made at run time.
  public static let noExec = Rule(rawValue: "NoExec")
  /// Reading or writing files.
  public static let noFileSystem = Rule(rawValue: "NoFileSystem")
  /// Speaking over the network.
  public static let noNetwork = Rule(rawValue: "NoNetwork")
  /// A utility without its sidecar.
  public static let metadataMissing = Rule(rawValue: "MetadataMissing")
  /// A sidecar that is no acceptable YAML.
  public static let metadataSyntax = Rule(rawValue: "MetadataSyntax")
  /// A key that the metadata does not have.
  public static let metadataUnknownKey = Rule(rawValue: "MetadataUnknownKey")
  /// A required key that is absent.
  public static let metadataMissingKey = Rule(rawValue: "MetadataMissingKey")
  /// A value of the wrong type.
  public static let metadataType = Rule(rawValue: "MetadataType")
  /// A value out of its range.
  public static let metadataValue = Rule(rawValue: "MetadataValue")
  /// A name outside of the rules.
  public static let nameInvalid = Rule(rawValue: "NameInvalid")
  /// A name that the platform keeps for itself.
  public static let nameReserved = Rule(rawValue: "NameReserved")
  /// A name that stands twice in the repository.
  public static let nameDuplicate = Rule(rawValue: "NameDuplicate")
  /// Source that does not parse.
  public static let pythonSyntax = Rule(rawValue: "PythonSyntax")
  /// No top-level function named like the file.
  public static let functionMissing = Rule(rawValue: "FunctionMissing")
  /// A function that cannot be called with `(data, filter)`.
  public static let functionSignature = Rule(rawValue: "FunctionSignature")
  /// A file over its limit.
  public static let fileTooLarge = Rule(rawValue: "FileTooLarge")
  /// A file that is not UTF-8.
  public static let fileEncoding = Rule(rawValue: "FileEncoding")
  /// A symbolic link, a submodule, an LFS pointer.
  public static let fileMode = Rule(rawValue: "FileMode")
  /// A sidecar without its `.py`.
  public static let sourceMissing = Rule(rawValue: "SourceMissing")
  /// A shared module that is imported and not there.
  public static let moduleMissing = Rule(rawValue: "ModuleMissing")
  /// The checker could not judge the file.
  public static let checkerFailed = Rule(rawValue: "CheckerFailed")
  /// A package that `runtime.packages.allow` does not list.
  public static let packageNotAllowed = Rule(rawValue: "PackageNotAllowed")
  /// Packages that no installation will bring.
  public static let packagesUnresolvable = Rule(rawValue: "PackagesUnresolvable")
  /// Packages that are being installed, or will be tried again.
  public static let packagesPending = Rule(rawValue: "PackagesPending")
}

/// A place in a file; 0:0 where there is none.
public struct FilePlace: Hashable, Sendable {
  /// The line from 1.
  public var line: Int
  /// The column from 1, in Unicode scalars.
  public var column: Int

  /// A place by its parts.
  public init(line: Int = 0, column: Int = 0) {
    self.line = line
    self.column = column
  }
}

/// One validation result. Findings are values: a bad utility is never a thrown error.
///
/// Source: contract, sections 1 and 5.
public struct Finding: Hashable, Sendable, Codable {
  /// The path in the repository, with `/` between its parts.
  public var path: String
  /// The line from 1, or 0 where there is none.
  public var line: Int
  /// The column from 1, in Unicode scalars, or 0 where there is none.
  public var column: Int
  /// The rule that was broken.
  public var rule: String
  /// How much it weighs.
  public var severity: Severity
  /// What is wrong, as one sentence.
  public var message: String
  /// The way out, or "".
  public var hint: String

  /// A finding at a place.
  public init(
    path: String, line: Int = 0, column: Int = 0, rule: Rule, severity: Severity = .high,
    message: String, hint: String = ""
  ) {
    self.path = path
    self.line = line
    self.column = column
    self.rule = rule.rawValue
    self.severity = severity
    self.message = message
    self.hint = hint
  }
}

extension Finding: Comparable {
  /// Orders by path, line, column, rule, then message: the order in which findings are shown.
  public static func < (lhs: Self, rhs: Self) -> Bool {
    if lhs.path != rhs.path { return lhs.path < rhs.path }
    if lhs.line != rhs.line { return lhs.line < rhs.line }
    if lhs.column != rhs.column { return lhs.column < rhs.column }
    if lhs.rule != rhs.rule { return lhs.rule < rhs.rule }
    return lhs.message < rhs.message
  }
}
