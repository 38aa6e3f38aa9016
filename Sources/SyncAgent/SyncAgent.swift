import ArgumentParser
import CLinux
import Glibc

/// `sync-agent`: brings catalogs and runtimes to what the tenants' repositories say.
@main
struct SyncAgent {
  static func main() async {
    signal(SIGPIPE, SIG_IGN)
    // One large file must not cost its memory for good.
    linux_return_large_memory(512 << 10)
    await RootCommand.main(KeyFlags.rewrite(Array(CommandLine.arguments.dropFirst())))
  }
}

struct RootCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sync-agent",
    abstract: "Brings catalogs and runtimes to what the tenants' git repositories say.",
    discussion: """
      Every configuration key is a flag too, for example --server.port 8109.
      Example: sync-agent run --repositories.root ./data/repos
      """,
    version: Version.text,
    subcommands: [
      RunCommand.self, SyncCommand.self, PlanCommand.self, ValidateCommand.self,
      StatusCommand.self, WhereCommand.self, HookCommand.self, ApproveCommand.self,
      UpstreamCommand.self, RollbackCommand.self, TenantCommand.self, AuditCommand.self,
      CatalogCommand.self,
      ExecutionsCommand.self,
      ConfigCommand.self,
    ])
}

enum Version {
  static let text = "0.1.0"
}

/// Configuration keys as flags: `--server.port 8109` becomes `--set=--server.port=8109`, so that what
/// is said of it names the flag.
enum KeyFlags {
  /// Rewrites every flag with a dot in its name, known or not: the configuration lists what is wrong
  /// with all of them. One without a value is passed on as such.
  static func rewrite(_ arguments: [String]) -> [String] {
    var result: [String] = []
    var index = arguments.startIndex
    while index < arguments.endIndex {
      let argument = arguments[index]
      index += 1
      if argument == "--" { return result + arguments[(index - 1)...] }
      guard argument.hasPrefix("--"), isKey(argument.dropFirst(2).prefix { $0 != "=" }) else {
        result.append(argument)
        continue
      }
      if argument.contains("=") || index == arguments.endIndex
        || arguments[index].hasPrefix("--")
      {
        result.append("--set=\(argument)")
      } else {
        result.append("--set=\(argument)=\(arguments[index])")
        index += 1
      }
    }
    return result
  }

  private static func isKey(_ name: Substring) -> Bool {
    name.contains(".") && name.allSatisfy { $0.isASCII && ($0.isLetter || "._-".contains($0)) }
  }
}
