import Foundation
import GitStore
import Glibc

/// The `pre-receive` hook of a repository: a small script that runs this program, and the hook that
/// was there before, kept beside it.
struct HookScript {
  /// What the hook does when it cannot come to a verdict.
  enum Failure: String { case open, closed }

  /// How an installation ended.
  enum Outcome { case installed, renewed, chained }

  private let hooks: String
  private var file: String { hooks + "/pre-receive" }
  private var chained: String { hooks + "/pre-receive.chained" }

  private static let marker = "# sync-agent pre-receive hook"

  /// The hooks of the repository at `path`. Throws `GitError` or `AgentError`. Blocks.
  init(repository path: String) throws {
    let handle = try RepositoryHandle(path: path)
    if let folder = try handle.configuredHooksFolder() {
      throw AgentError(
        "\(handle.subject) takes its hooks from core.hooksPath (\(folder))",
        "run `git config --unset core.hooksPath` in it, or call `sync-agent hook pre-receive` "
          + "from the hook there")
    }
    hooks = handle.gitFolder + "/hooks"
  }

  /// The script's text: every word is quoted, nothing is expanded.
  static func text(agent: String, arguments: [String], failure: Failure) -> String {
    let words = arguments.map(quoted).joined(separator: " ")
    let fate =
      failure == .open ? "the push is accepted without a verdict" : "the push is refused"
    return """
      #!/bin/sh
      \(marker), written by `sync-agent hook install`.
      # `sync-agent hook uninstall` removes it. A hook that was here before is kept beside it as
      # `pre-receive.chained` and runs first, on the same input; what it refuses is refused.
      agent=\(quoted(agent))
      chained=${0%/*}/pre-receive.chained
      if [ -x "$agent" ]; then
        exec "$agent" hook pre-receive --chained "$chained" \(words)
      fi
      echo "sync-agent: the program is not at its place any more; \(fate)" >&2
      echo "sync-agent: run \\`sync-agent hook install\\` for this repository again" >&2
      if [ -f "$chained" ] && [ -x "$chained" ]; then "$chained" || exit 1; fi
      exit \(failure == .open ? 0 : 1)

      """
  }

  /// A word as a POSIX shell takes it literally.
  static func quoted(_ word: String) -> String {
    "'" + word.replacing("'", with: "'\\''") + "'"
  }

  /// Writes the hook, keeping one that is there. Throws `AgentError`. Blocks.
  func install(_ text: String) throws(AgentError) -> Outcome {
    var outcome = Outcome.installed
    var status = stat()
    if lstat(file, &status) == 0 {
      if isOurs {
        outcome = .renewed
      } else {
        guard lstat(chained, &status) != 0 else {
          throw AgentError(
            "the repository has a pre-receive hook, and a pre-receive.chained already",
            "move one of them out of \(hooks)")
        }
        guard rename(file, chained) == 0 else { throw failure("the hook there cannot be kept") }
        outcome = .chained
      }
    }
    if mkdir(hooks, 0o755) != 0 && errno != EEXIST { throw failure("\(hooks) cannot be made") }
    let draft = "\(file).sync-agent.\(getpid())"
    let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o755)
    guard descriptor >= 0 else { throw failure("the hook cannot be written") }
    let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    do {
      try handle.write(contentsOf: Data(text.utf8))
    } catch {
      unlink(draft)
      throw failure("the hook cannot be written")
    }
    guard fchmod(descriptor, 0o755) == 0, rename(draft, file) == 0 else {
      let problem = failure("the hook cannot be put in its place")
      unlink(draft)
      throw problem
    }
    return outcome
  }

  /// Takes the hook away and puts the kept one back; false where there is none of ours.
  /// Throws `AgentError`. Blocks.
  func uninstall() throws(AgentError) -> Bool {
    guard isOurs else { return false }
    var status = stat()
    if lstat(chained, &status) == 0 {
      guard rename(chained, file) == 0 else { throw failure("the kept hook cannot be put back") }
    } else if unlink(file) != 0 {
      throw failure("the hook cannot be removed")
    }
    return true
  }

  private var isOurs: Bool {
    guard let data = FileManager.default.contents(atPath: file) else { return false }
    return String(decoding: data.prefix(4096), as: UTF8.self).contains(Self.marker)
  }

  private func failure(_ what: String) -> AgentError {
    AgentError(
      "\(what): \(String(cString: strerror(errno)))", "run this as a user who may write to \(hooks)"
    )
  }
}
