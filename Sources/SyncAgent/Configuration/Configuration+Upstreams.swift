import Foundation
import Logging
import Reconciliation
import UtilityModel

extension Configuration {
  /// What follows the tenants' upstreams, as configured.
  func upstreamMirror(
    _ state: StateFolder, board: StatusBoard, reconciler: Reconciler, logger: Logger
  ) -> UpstreamMirror {
    func seconds(_ key: String) -> Double { ConfigurationKey.seconds(text(key)) ?? 60 }
    let store = UpstreamStore(state: state)
    let root = text("repositories.root")
    return UpstreamMirror(
      store: store,
      fetcher: UpstreamFetcher(
        limits: .init(
          seconds: Int(seconds("upstreams.timeout")), pack: integer("upstreams.max_pack") << 20,
          authorities: text("upstreams.certificates"), knownHosts: self["upstreams.known_hosts"]),
        folder: store.folder),
      interval: .seconds(seconds("upstreams.interval")), board: board, logger: logger
    ) { tenant in
      // A repository that was made a moment ago may not have been noticed yet.
      let known = await reconciler.repositories()[tenant]
      return known ?? ["\(root)/\(tenant).git"].first(where: FileManager.default.fileExists)
    }
  }
}
