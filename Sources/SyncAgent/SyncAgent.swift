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

/// Configuration keys as flags: `--server.port 8109` becomes `--set server.port=8109`.
enum KeyFlags {
  static func rewrite(_ arguments: [String]) -> [String] {
    var result: [String] = []
    var index = arguments.startIndex
    while index < arguments.endIndex {
      let argument = arguments[index]
      index += 1
      if argument == "--" { return result + arguments[(index - 1)...] }
      guard argument.hasPrefix("--") else {
        result.append(argument)
        continue
      }
      let parts = argument.dropFirst(2).split(
        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = String(parts.first ?? "")
      guard name.contains("."), ConfigurationKey.byName[name] != nil else {
        result.append(argument)
        continue
      }
      if parts.count == 2 {
        result += ["--set", "\(name)=\(parts[1])"]
      } else if index < arguments.endIndex {
        result += ["--set", "\(name)=\(arguments[index])"]
        index += 1
      } else {
        result.append(argument)
      }
    }
    return result
  }
}
