import ArgumentParser
import Foundation
import GitStore
import Reconciliation
import UtilityModel

extension TenantCommand {
  /// `sync-agent tenant copy`.
  struct Copy: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Copy a tenant's utilities into another's repository, as one commit.",
      discussion: """
        What is applied of FROM's approved branch is copied, utils/ and lib/, onto the approved branch of
        TO, which is there already. For the first tenant, with none to copy from, nothing is done.
        Exit status: 0 copied, or nothing to copy; 1 failed.
        Example: sync-agent tenant copy template acme --author 'Olga <olga@example.com>'
        """)

    @OptionGroup var options: CommonOptions
    @OptionGroup var work: WorkOptions
    @Argument(help: "The tenant whose utilities are copied.") var from: String
    @Argument(help: "The tenant that gets them.") var to: String
    @Option(help: "The commit's author, `Name <mail>`; by default who does it, at this machine.")
    var author: String?
    @Option(help: "The commit's committer, `Name <mail>`; the author by default.")
    var committer: String?
    @Option(help: "text or json.") var format: OutputFormat = .text

    func run() async throws {
      let (from, to) = (try TenantCommand.code(from), try TenantCommand.code(to))
      var request = try work.request("tenant-copy", to, subject: from.rawValue)
      let name = request.actor ?? ""
      let author = author ?? "\(name) <\(name)@\(ProcessInfo.processInfo.hostName)>"
      let committer = committer ?? author
      for person in [author, committer] where CommitIdentity(person) == nil {
        throw AgentError("`\(person)` is nobody that git knows", "write it as `Name <mail>`")
      }
      request.arguments = ["author": author, "committer": committer]
      let answer = try await WriterCall.answer(request, try options.load())
      let copy = try JSONDecoder().decode(TenantCopy.self, from: answer)
      if format == .json { return try Output.json(copy) }
      // The words of the service that this one replaces.
      if copy.ignored { return print("Ignoring copy utils for first tenant") }
      guard let commit = copy.commit else {
        return print("tenant \(to) has all of \(copy.revision) of tenant \(from) already")
      }
      print(
        "copied \(copy.utilities) utilities and \(copy.modules) shared modules of tenant \(from) "
          + "(\(copy.revision)) into tenant \(to): \(commit)")
      if let phase = copy.phase {
        print(Output.coloured(phase.rawValue, phase) + (copy.note.map { ": \($0)" } ?? ""))
      }
    }
  }
}
