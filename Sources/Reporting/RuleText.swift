import UtilityModel

/// What each rule asks for, in a sentence.
public enum RuleText {
  private static let sentences: [String: String] = [
    "NoImportOS": "A utility does not reach the operating system or import by computed names.",
    "NoSubprocess": "A utility starts no processes.",
    "NoExec": "A utility runs no code that is made at run time.",
    "NoFileSystem": "Reading and writing files is reviewed.",
    "NoNetwork": "Speaking over the network is reviewed.",
    "MetadataMissing": "A utility has a sidecar with its metadata.",
    "MetadataSyntax": "A sidecar is one plain YAML mapping.",
    "MetadataUnknownKey": "A sidecar has known keys only.",
    "MetadataMissingKey": "A sidecar has the required keys.",
    "MetadataType": "A sidecar's values have the right types.",
    "MetadataValue": "A sidecar's values are acceptable.",
    "NameInvalid": "A utility's name is a Python identifier of 1 to 50 letters, digits and `_`.",
    "NameReserved": "A utility's name is not reserved.",
    "NameDuplicate": "A utility's name stands once in the repository, whatever its case.",
    "PythonSyntax": "A file parses on the runtime's Python.",
    "FunctionMissing": "A file defines a function of its own name at top level.",
    "FunctionSignature": "The function can be called with (data, filter).",
    "FileTooLarge": "A file keeps within the size limit.",
    "FileEncoding": "A file is UTF-8.",
    "FileMode": "A file is a plain file: no link, submodule or LFS pointer.",
    "SourceMissing": "A sidecar has its `.py` beside it.",
    "ModuleMissing": "A shared module that is imported is there.",
    "CheckerFailed": "A file can be judged.",
    "MoreFindings": "Only so many findings are listed.",
    "PackageNotAllowed": "A utility's packages are among those that the operator allows.",
    "PackagesUnresolvable": "A utility's packages can be installed.",
    "PackagesPending": "A utility's packages are installed before it is served.",
    "BreakingRemoval": "A utility that a playbook uses is not removed unawares.",
    "BreakingRename": "A utility that a playbook uses is not renamed unawares.",
    "BreakingSignature": "The parameters of a utility's function stay.",
    "BreakingOutput": "The outputs of a utility stay.",
  ]

  /// The sentence of a rule; its name where it has none.
  public static func sentence(of rule: String) -> String { sentences[rule] ?? rule }
}
