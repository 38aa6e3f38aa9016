import ArgumentParser
import CLinux
import Foundation
import GitStore
import Glibc

/// The process that `UpstreamFetcher` starts: not for people.
struct UpstreamCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch-upstream", abstract: "Fetch once, as the agent asks on standard input.",
    shouldDisplay: false)

  func run() throws {
    linux_die_with_parent()
    // Parting from an agent that ended before that took hold.
    guard getppid() != 1 || getpid() == 1 else { throw ExitCode(1) }
    let order = try JSONDecoder().decode(
      UpstreamFetcher.Order.self, from: FileHandle.standardInput.readDataToEndOfFile())
    // A file that grows too large is an error of the write, not the end of the process.
    signal(SIGXFSZ, SIG_IGN)
    Self.limit(Int32(RLIMIT_CORE.rawValue), 0)
    Self.limit(Int32(RLIMIT_FSIZE.rawValue), order.size)
    Self.limit(Int32(RLIMIT_CPU.rawValue), order.seconds)
    Self.limit(Int32(RLIMIT_AS.rawValue), order.memory)
    Self.limit(Int32(RLIMIT_NOFILE.rawValue), 256)
    guard let outcome = order.fetch?.run() ?? order.repack?.run() else { throw ExitCode(64) }
    FileHandle.standardOutput.write(try JSONEncoder().encode(outcome))
  }

  private static func limit(_ kind: Int32, _ value: Int) {
    var bound = rlimit(rlim_cur: rlim_t(value), rlim_max: rlim_t(value))
    setrlimit(__rlimit_resource_t(UInt32(kind)), &bound)
  }
}
