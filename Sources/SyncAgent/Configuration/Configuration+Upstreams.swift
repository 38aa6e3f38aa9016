import Foundation
import Logging
import Reconciliation
import UtilityModel

extension Configuration {
  /// What follows the tenants' upstreams, as configured.
  func upstreamMirror(
    board: StatusBoard, reconciler: Reconciler, logger: Logger
  ) -> UpstreamMirror {
    func seconds(_ key: String) -> Double { ConfigurationKey.seconds(text(key)) ?? 60 }
    let root = text("repositories.root")
    let store = UpstreamStore(root: root)
    return UpstreamMirror(
      store: store,
      fetcher: UpstreamFetcher(
        limits: .init(
          seconds: Int(seconds("upstreams.timeout")), pack: integer("upstreams.max_pack") << 20,
          authorities: text("upstreams.certificates"), knownHosts: self["upstreams.known_hosts"]),
        folder: store.folder),
      interval: .seconds(seconds("upstreams.interval")), board: board, logger: logger,
      mine: { await reconciler.ownTenants() }
    ) { tenant in
      // A repository that was made a moment ago may not have been noticed yet.
      let known = await reconciler.repositories()[tenant]
      return known ?? ["\(root)/\(tenant).git"].first(where: FileManager.default.fileExists)
    }
  }
}
