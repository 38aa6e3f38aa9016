import Hummingbird
import Logging

/// The floor beside which `scripts/bench` puts the catalog's answers: the same HTTP server with
/// an empty handler (`/empty`) and with constant answers of `/bytes/{count}`.
@main
struct BareServer {
  static func main() async throws {
    let router = Router()
    router.get("/empty") { _, _ in Response(status: .ok) }
    router.get("/bytes/{count}") { _, context in
      let count = try context.parameters.require("count", as: Int.self)
      return Response(
        status: .ok, body: .init(byteBuffer: ByteBuffer(repeating: 120, count: min(count, 1 << 20))))
    }
    let port = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 8108
    let application = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
      logger: Logger(label: "bare") { _ in SwiftLogNoOpLogHandler() })
    try await application.runService()
  }
}
