import Hummingbird
import Logging

/// The floor beside which `scripts/bench` puts the catalog's answers: the same HTTP server with
/// an empty handler (`/empty`) and with a constant (`/bytes`). Arguments: port, bytes.
@main
struct BareServer {
  static func main() async throws {
    let arguments = CommandLine.arguments.dropFirst().compactMap { Int($0) }
    let router = Router()
    router.get("/empty") { _, _ in Response(status: .ok) }
    let constant = ByteBuffer(repeating: 120, count: arguments.dropFirst().first ?? 20_000)
    router.get("/bytes") { _, _ in Response(status: .ok, body: .init(byteBuffer: constant)) }
    let port = arguments.first ?? 8108
    let application = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
      logger: Logger(label: "bare") { _ in SwiftLogNoOpLogHandler() })
    try await application.runService()
  }
}
