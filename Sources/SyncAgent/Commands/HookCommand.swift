import ArgumentParser
import Concurrency
import Foundation
import GitStore
import Glibc
import Reconciliation
import UtilityModel
import Validation

/// `sync-agent hook`: the verdict at `git push`.
struct HookCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hook", abstract: "Refuse at `git push` what would be quarantined or held.",
    discussion: "Example: sync-agent hook install data/repos/demo.git",
    subcommands: [Install.self, Uninstall.self, PreReceive.self])

  struct Install: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Put a pre-receive hook into a repository; one that is there runs first.",
      discussion: """
        What the configuration says now of branches, policy, checker and hook is written into it.
        Exit status: 0 installed; 1 failed.
        Example: sync-agent hook install data/repos/demo.git --fail closed
        """)
    @OptionGroup var options: CommonOptions
    @Argument(help: "A repository, bare or not.") var repo: String
    @Option(help: "Without a verdict, let the push in (open) or refuse it (closed).")
    var fail: String?

    func validate() throws { _ = try failureOption(fail) }

    func run() async throws {
      let configuration = try options.load()
      let failure =
        try failureOption(fail)
        ?? HookScript.Failure(rawValue: configuration.text("hook.failure")) ?? .open
      let repo = repo
      let outcome = try await BlockingCall.run {
        try HookScript(repository: repo).install(HookScript.text(configuration, failure: failure))
      }
      switch outcome {
      case .installed: print("installed: pushes to \(repo) are judged, and fail \(failure)")
      case .renewed: print("renewed: pushes to \(repo) are judged, and fail \(failure)")
      case .chained:
        print(
          "installed: pushes to \(repo) are judged, and fail \(failure); the hook that was there is "
            + "kept as pre-receive.chained and runs first")
      }
    }
  }

  struct Uninstall: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Take the hook out of a repository and put back the one that was there before.",
      discussion: """
        Exit status: 0 removed, or there was none; 1 failed.
        Example: sync-agent hook uninstall data/repos/demo.git
        """)
    @Argument(help: "A repository, bare or not.") var repo: String

    func run() async throws {
      let repo = repo
      let removed = try await BlockingCall.run { try HookScript(repository: repo).uninstall() }
      print(removed ? "removed the hook from \(repo)" : "\(repo) has no hook of sync-agent")
    }
  }

  struct PreReceive: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "pre-receive", abstract: "Judge a push; git runs this through the hook.",
      discussion: """
        Reads `OLD NEW REF` lines on standard input, in the environment of githooks(5).
        Exit status: 0 accepted; 1 refused.
        Example: echo OLD NEW refs/heads/main | sync-agent hook pre-receive
        """)
    @OptionGroup var options: CommonOptions
    @Option(help: "Without a verdict, let the push in (open) or refuse it (closed).")
    var fail: String?
    @Option(help: "A hook to run first, with the same input.") var chained: String?

    func validate() throws { _ = try failureOption(fail) }

    func run() async throws {
      let input = try await BlockingCall.run { try PushInput.read() }
      let updates = try PushInput.parse(input)
      if let chained {
        let status = try await BlockingCall.run { try ChainedHook.run(chained, input: input) }
        if status != 0 {
          Self.say([
            "sync-agent: the repository's own pre-receive hook refused the push (\(status))"
          ])
          throw ExitCode(1)
        }
      }
      var failure = try failureOption(fail) ?? .open
      do {
        // What a pusher's environment says is not the operator's word.
        let configuration = try Configuration.load(
          file: options.config, flags: options.settings, environment: [:])
        if fail == nil {
          failure = HookScript.Failure(rawValue: configuration.text("hook.failure")) ?? .open
        }
        Self.limit(configuration, failure)
        try await judge(updates, configuration)
      } catch let refusal as ExitCode {
        throw refusal
      } catch {
        Self.say(Self.withoutVerdict("\(error)", failure))
        throw ExitCode(failure == .open ? 0 : 1)
      }
    }

    private func judge(_ updates: [RefUpdate], _ configuration: Configuration) async throws {
      guard updates.contains(where: { $0.branch != nil }) else { return }
      let environment = ProcessInfo.processInfo.environment
      let repository = ReviewedRepository(
        path: URL(fileURLWithPath: environment["GIT_DIR"] ?? ".").path,
        additionalObjects: environment["GIT_QUARANTINE_PATH"])
      let cache = try await BlockingCall.run { VerdictFolder.file(configuration) }
      let validator = Validator(
        limits: CheckerLimits(python: configuration.text("runtime.python")), cachePath: cache,
        width: max(2, ProcessInfo.processInfo.activeProcessorCount),
        logger: CommonOptions.silence)
      let judge = PushJudge(
        configuration: configuration, repository: repository, validator: validator)
      let verdicts = try await judge.judge(updates)
      let refused = verdicts.contains(where: \.isRefused)
      var lines = verdicts.map(\.lines).filter { !$0.isEmpty }.joined(separator: [""]).map { $0 }
      if refused {
        lines += ["", "Nothing was updated. Correct it, amend the commits and push again."]
      }
      Self.say(lines)
      if refused { throw ExitCode(1) }
    }

    /// Ends the process when a verdict takes longer than `hook.timeout`: a thread, since the work may
    /// hang where nothing else can end it.
    private static func limit(_ configuration: Configuration, _ failure: HookScript.Failure) {
      let seconds = ConfigurationKey.seconds(configuration.text("hook.timeout")) ?? 30
      Thread.start(name: "hook-timeout") {
        usleep(UInt32(min(seconds, 4000) * 1_000_000))
        say(withoutVerdict("there is no verdict after \(Int(seconds)) s (hook.timeout)", failure))
        _exit(failure == .open ? 0 : 1)
      }
    }

    private static func withoutVerdict(
      _ cause: String, _ failure: HookScript.Failure
    ) -> [String] {
      let fate =
        failure == .open
        ? "the push is accepted without a verdict (hook.failure is open); the agent will judge it"
        : "the push is refused (hook.failure is closed)"
      return ["sync-agent: the push cannot be judged: \(cause)", "sync-agent: \(fate)"]
    }

    /// Writes lines for whoever pushed, at once: git puts `remote: ` before each.
    private static func say(_ lines: [String]) {
      guard !lines.isEmpty else { return }
      Output.writeError(lines.joined(separator: "\n") + "\n")
    }
  }
}

private func failureOption(_ text: String?) throws -> HookScript.Failure? {
  guard let text else { return nil }
  guard let failure = HookScript.Failure(rawValue: text) else {
    throw ValidationError("--fail is `\(text)`: write open or closed")
  }
  return failure
}
