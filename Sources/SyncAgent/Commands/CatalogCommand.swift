import ArgumentParser
import Catalog
import Foundation
import Synchronization

/// `sync-agent catalog`: work on the catalog itself.
struct CatalogCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "catalog", abstract: "Move a catalog between stores; change its key.",
    discussion: "Example: sync-agent catalog export catalog.jsonl",
    subcommands: [Export.self, Import.self, Reencrypt.self])

  struct Reencrypt: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Encrypt every file under the newest key, those stored in the clear too.",
      discussion: """
        Each file is written by itself, so this may run beside the agent and may be run again.
        Example: sync-agent catalog reencrypt --catalog.encryption_key_file /etc/sync-agent/key
        """)

    @OptionGroup var options: CommonOptions

    func run() async throws {
      let store = try await options.load().openCatalog()
      let tenants = try await store.tenants().map(\.tenant)
      let done = Mutex(0)
      var total = 0
      for tenant in tenants {
        total += try await store.entries(of: tenant).filter { $0.status != .inactive }.count
      }
      let bar = ProgressBar { [total] in
        ProgressBar.text("encrypting", done.withLock { $0 }, total)
      }
      defer { bar.stop() }
      var written = 0
      for tenant in tenants {
        written += try await store.reseal(tenant) { done.withLock { $0 += 1 } }
      }
      bar.stop()
      print("\(written) of \(done.withLock { $0 }) files were encrypted anew")
    }
  }
}
