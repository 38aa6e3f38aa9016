import Foundation
import UtilityModel

/// A folder that is removed with its last reference.
public final class TemporaryFolder: Sendable {
  /// The folder's absolute path.
  public let path: String

  /// Makes an empty folder.
  public init() throws {
    path = NSTemporaryDirectory() + "sync-agent-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// A real git repository in a temporary folder, driven by the git command with no configuration
/// but the repository's own.
public final class TemporaryRepository: Sendable {
  /// The repository's folder.
  public let path: String
  private let folder: TemporaryFolder?

  /// Makes a repository: in a folder of its own, or at `path`, which stays when this object goes.
  public init(at path: String? = nil, bare: Bool = true, format: String = "sha1") throws {
    if let path {
      folder = nil
      self.path = path
    } else {
      let folder = try TemporaryFolder()
      self.folder = folder
      self.path = folder.path + "/demo.git"
    }
    var arguments = ["init", "-q", "-b", "main", "--object-format=\(format)"]
    if bare { arguments.append("--bare") }
    try Self.git(arguments + [self.path], in: "/")
  }

  /// Runs git in the repository and gives its output without the last line's end.
  @discardableResult
  public func git(
    _ arguments: String..., input: String? = nil, environment: [String: String] = [:]
  ) throws -> String {
    try Self.git(arguments, in: path, input: input, environment: environment)
  }

  /// Commits files (path to content; `nil` removes) on a branch, on top of what is there.
  ///
  /// Works without a checkout, through `git fast-import`; `time` is in seconds since 1970.
  @discardableResult
  public func commit(
    _ files: [String: String?], branch: String = "main", message: String = "change",
    author: String = "Ann", committer: String = "Cora", time: Int = 1_700_000_000
  ) throws -> ObjectID {
    var stream = "commit refs/heads/\(branch)\n"
    stream += "author \(author) <\(author.lowercased())@example.com> \(time) +0000\n"
    stream += "committer \(committer) <\(committer.lowercased())@example.com> \(time) +0000\n"
    stream += "data \(message.utf8.count)\n\(message)\n"
    let ref = "refs/heads/\(branch)"
    if !(try git("for-each-ref", ref)).isEmpty { stream += "from \(ref)^0\n" }
    for (path, content) in files.sorted(by: { $0.key < $1.key }) {
      if let content {
        stream += "M 100644 inline \(path)\ndata \(content.utf8.count)\n\(content)\n"
      } else {
        stream += "D \(path)\n"
      }
    }
    try fastImport(stream)
    return try id(of: branch)
  }

  /// Feeds a stream to `git fast-import`.
  public func fastImport(_ stream: String) throws {
    try git("fast-import", "--quiet", "--force", input: stream)
  }

  /// The object that a revision names.
  public func id(of revision: String) throws -> ObjectID {
    let text = try git("rev-parse", "--verify", revision)
    guard let id = ObjectID(hex: text) else { throw GitFailure(text: "no id: \(text)") }
    return id
  }

  /// Runs git without any configuration from outside; throws its error text when it fails.
  @discardableResult
  public static func git(
    _ arguments: [String], in folder: String, input: String? = nil,
    environment: [String: String] = [:]
  ) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["git"] + arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    process.environment = [
      "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C",
      "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1",
      "GIT_AUTHOR_NAME": "Ann", "GIT_AUTHOR_EMAIL": "ann@example.com",
      "GIT_COMMITTER_NAME": "Cora", "GIT_COMMITTER_EMAIL": "cora@example.com",
    ].merging(environment) { $1 }
    let scratch = try TemporaryFolder()
    func file(_ name: String) throws -> FileHandle {
      let path = scratch.path + "/" + name
      try Data().write(to: URL(fileURLWithPath: path))
      return try FileHandle(forUpdating: URL(fileURLWithPath: path))
    }
    // Files, not pipes: neither side can wait for the other.
    let (standardInput, output, errors) = (try file("in"), try file("out"), try file("err"))
    try standardInput.write(contentsOf: Data((input ?? "").utf8))
    try standardInput.seek(toOffset: 0)
    process.standardInput = standardInput
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    process.waitUntilExit()
    func text(_ file: FileHandle) throws -> String {
      try file.seek(toOffset: 0)
      defer { try? file.close() }
      return String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
    }
    try standardInput.close()
    let (result, complaint) = (try text(output), try text(errors))
    guard process.terminationStatus == 0 else {
      throw GitFailure(text: "git \(arguments.joined(separator: " ")): \(complaint)")
    }
    return result.hasSuffix("\n") ? String(result.dropLast()) : result
  }
}

/// A git command that failed.
public struct GitFailure: Error, CustomStringConvertible {
  /// The command and what it complained of.
  public let text: String
  /// The same.
  public var description: String { text }
}
