import ArgumentParser
import Catalog
import Concurrency
import Foundation
import Glibc
import Synchronization

extension CatalogCommand {
  /// `sync-agent catalog export`.
  struct Export: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Write the catalog into a file, as JSON lines.",
      discussion: """
        Runs beside the agent. Files that are encrypted in the catalog are so in the dump; the key is
        not in it. Exit status: 0 written; 1 failed.
        Example: sync-agent catalog export catalog.jsonl
        """)

    @OptionGroup var options: CommonOptions
    @Argument(help: "The file, which is replaced as a whole; - for standard output.")
    var file: String

    func run() async throws {
      let store = try await options.load().openTransfer()
      let output = try DumpOutput(file)
      let done = Mutex(0)
      let bar = ProgressBar { "exporting: \(done.withLock { $0 }) records" }
      defer { bar.stop() }
      let summary: DumpWriter.Summary
      do {
        let writer = try DumpWriter(agent: Version.text, now: WallClock.milliseconds()) {
          (bytes) throws(CatalogError) in try output.write(bytes)
        }
        try await store.export { (record) throws(CatalogError) in
          try writer.add(record)
          done.withLock { $0 += 1 }
        }
        summary = try writer.finish()
        try output.finish()
      } catch {
        output.discard()
        throw error
      }
      bar.stop()
      CatalogCommand.tell("exported", summary, onErrors: file == "-")
    }
  }

  /// `sync-agent catalog import`.
  struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Fill an empty catalog from a file that `catalog export` wrote.",
      discussion: """
        The file is read through and checked before anything is written, and the catalog is read back and
        compared afterwards. No agent may run on the catalog. Encrypted files want their key.
        Exit status: 0 imported; 1 failed.
        Example: sync-agent catalog import catalog.jsonl --catalog.url mongodb://db1/
        """)

    @OptionGroup var options: CommonOptions
    @Argument(help: "The file; - for standard input.") var file: String

    func run() async throws {
      let configuration = try options.load()
      let state = try StateFolder(path: configuration.stateFolder)
      guard let lock = try WriterLock.take(in: state) else {
        throw AgentError(
          "an agent or another command writes this catalog", "stop it, and import again")
      }
      defer { withExtendedLifetime(lock) {} }
      let input = try await BlockingCall.run { [file] in try DumpInput(file, in: state) }
      defer { input.discard() }
      let cipher = try await configuration.cipher()
      let store = try await configuration.openTransfer()
      let done = Mutex(0)
      let total = Mutex(0)
      let bar = ProgressBar {
        let (done, total) = (done.withLock { $0 }, total.withLock { $0 })
        return total == 0
          ? "checking: \(done) records" : ProgressBar.text("importing", done, total)
      }
      defer { bar.stop() }
      let dump = try await BlockingCall.run {
        try CatalogDump(checking: input.path, cipher: cipher) { done.withLock { $0 += 1 } }
      }
      try await store.checkEmpty(for: dump)
      done.withLock { $0 = 0 }
      total.withLock { $0 = dump.summary.records }
      try await store.restore(dump) { done.withLock { $0 += 1 } }
      try await verify(store, dump)
      bar.stop()
      CatalogCommand.tell("imported and compared", dump.summary, onErrors: false)
    }

    /// Reads the catalog back. Throws `AgentError` where it is not what the dump says.
    private func verify(_ store: any CatalogTransfer, _ dump: CatalogDump) async throws {
      let writer = try DumpWriter(agent: Version.text, now: 0) { (_) throws(CatalogError) in }
      let tenants = Set(dump.tenants.map(\.tenant.rawValue))
      try await store.export { (record) throws(CatalogError) in
        // What the platform has of other tenants was there before.
        guard record.collection == .audit || tenants.contains(record.tenant) else { return }
        try writer.add(record)
      }
      let found = try writer.finish()
      guard found.content == dump.summary.content, found.counts == dump.summary.counts else {
        throw AgentError(
          "what was imported reads back differently from the dump (\(found.records) records of "
            + "\(dump.summary.records))",
          "do not use this catalog; report this as a defect")
      }
    }
  }

  /// Says what a transfer did.
  fileprivate static func tell(_ what: String, _ summary: DumpWriter.Summary, onErrors: Bool) {
    func count(_ collection: TransferRecord.Collection) -> Int {
      summary.counts[collection.rawValue] ?? 0
    }
    let text =
      "\(what) \(summary.records) records: \(count(.tenants)) tenants, \(count(.tasks)) entries "
      + "(\(summary.encrypted) with an encrypted file), \(count(.executions)) calls, "
      + "\(count(.audit)) of the audit; content \(summary.content)\n"
    (onErrors ? FileHandle.standardError : .standardOutput).write(Data(text.utf8))
  }
}

extension Configuration {
  /// Opens the catalog for moving it. Throws `CatalogError`.
  fileprivate func openTransfer() async throws -> any CatalogTransfer {
    guard let store = try await openCatalog() as? any CatalogTransfer else {
      throw AgentError("this catalog cannot be moved", "let catalog.url name another")
    }
    return store
  }
}
