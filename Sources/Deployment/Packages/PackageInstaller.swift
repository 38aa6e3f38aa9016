/// What fills a package environment: pip, in the place where the packages are to run.
protocol PackageInstaller: Sendable {
  /// What an environment is made for, as the name of a folder: those of another interpreter or image
  /// are other environments. Throws `DeploymentError`.
  func target() async throws(DeploymentError) -> String

  /// Installs `set` into `site-packages` of `staging`, a folder that is there and empty.
  ///
  /// Throws `PackageFailure`.
  func install(_ set: PackageSet, into staging: String) async throws(PackageFailure)

  /// Ends what it started; installations under way fail.
  func shutdown() async
}

/// Why packages could not be installed.
struct PackageFailure: Error, Hashable, Sendable {
  /// pip's reason, without the closing full stop.
  let reason: String
  /// Whether the same requirements will fail again, whenever they are tried.
  let isFinal: Bool

  /// A failure by its parts.
  init(_ reason: String, isFinal: Bool = false) {
    self.reason = PathRedaction.apply(to: String(reason.prefix(600)))
    self.isFinal = isFinal
  }

  /// What pip's output says of an attempt that ended otherwise than with status 0.
  ///
  /// pip has one exit status for everything. That nothing fits is final, unless pip could not reach
  /// where it looked: then it says the same of what it could not see.
  init(output: [String], end: String) {
    let errors = output.compactMap { line -> String? in
      guard line.hasPrefix("ERROR: ") else { return nil }
      let text = String(line.dropFirst("ERROR: ".count))
      // Which page of pip's manual tells more.
      return text.hasPrefix("ResolutionImpossible") ? nil : text
    }
    if output.contains(where: { $0.hasSuffix("No module named pip") }) {
      self.init("the interpreter has no pip: install it there (python3-pip)")
      return
    }
    let unreachable = output.first { line in
      Self.unreachable.contains { line.contains($0) }
    }
    if let unreachable {
      self.init("the package index cannot be reached: \(unreachable.prefix(200))")
      return
    }
    let isFinal = errors.contains { line in Self.final.contains { line.contains($0) } }
    var reasons = errors
    if let start = output.firstIndex(of: "The conflict is caused by:") {
      reasons += output[(start + 1)...].prefix { $0.hasPrefix("    ") }.map { line in
        String(line.drop { $0 == " " })
      }
    }
    let last = output.last { !$0.isEmpty } ?? "pip said nothing"
    self.init(
      reasons.isEmpty ? "pip ended with \(end): \(last)" : reasons.joined(separator: "; "),
      isFinal: isFinal)
  }

  private static let unreachable = [
    "after connection broken by", "Could not fetch URL", "HTTP error 5", "ReadTimeoutError",
  ]
  private static let final = [
    "No matching distribution found", "have conflicting dependencies", "Invalid requirement",
    "is not a supported wheel", "has an invalid wheel",
  ]
}
