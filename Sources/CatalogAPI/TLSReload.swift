import Foundation
import Hummingbird
import HummingbirdCore
import HummingbirdTLS
public import Logging
import NIOCore
import NIOHTTPTypesHTTP1
public import ServiceLifecycle
import Synchronization
import UtilityModel
public import Telemetry

/// The present TLS configuration of a server, renewed when its files change.
///
/// A connection keeps the certificate that it began with. Files that are broken leave the last good
/// ones in use, and health degraded. Safe from any thread.
public final class TLSReload: Service {
  /// How often the files' states are looked at.
  static let interval = Duration.seconds(1)
  private static let checkName = "tls"

  private let files: TLSFiles
  private let health: HealthRegistry
  private let logger: Logger
  private let current: Mutex<TLSFiles.Contents>

  /// Reads the files. Throws `TLSFiles.Refusal` where they are not usable.
  public init(_ files: TLSFiles, health: HealthRegistry, logger: Logger) async throws {
    self.files = files
    self.health = health
    self.logger = logger
    let contents = try await files.read()
    try Self.check(contents, files)
    current = Mutex(contents)
    reportGood(contents)
  }

  /// What new connections are to use.
  var contents: TLSFiles.Contents { current.withLock { $0 } }

  /// Throws where certificate and key do not belong together.
  static func check(_ contents: TLSFiles.Contents, _ files: TLSFiles) throws(TLSFiles.Refusal) {
    do {
      _ = try TLSChannel(
        HTTP1Channel { _, _, _ in }, tlsConfiguration: contents.configuration)
    } catch {
      throw TLSFiles.Refusal(
        description: "\(files.key) is not the key of the certificate in \(files.certificate): "
          + "give files that belong together")
    }
  }

  /// Watches the files until the service is shut down.
  public func run() async throws {
    await cancelWhenGracefulShutdown { [self] in
      // Unknown at first: the files may have changed since they were read.
      var stamps: [KeySetFile.Stamp?] = []
      while !Task.isCancelled {
        do {
          try await Task.sleep(for: Self.interval)
        } catch {
          return
        }
        let seen = await files.stamps()
        guard seen != stamps else { continue }
        stamps = seen
        await look()
      }
    }
  }

  private func look() async {
    do {
      let contents = try await files.read()
      if contents.digest != self.contents.digest {
        try Self.check(contents, files)
        current.withLock { $0 = contents }
        logger.info("new connections get the new certificate")
      }
      reportGood(contents)
    } catch {
      health.report(
        check: Self.checkName, status: .degraded,
        message: "the new certificate or key is not usable; the last good ones are used")
      logger.error(
        "the new certificate or key is not usable; the last good ones are used",
        metadata: ["error": "\(error)"])
    }
  }

  private func reportGood(_ contents: TLSFiles.Contents) {
    guard contents.notAfter > Int(Date().timeIntervalSince1970) else {
      health.report(
        check: Self.checkName, status: .degraded, message: "the certificate has expired")
      logger.warning("the certificate of server.tls.certificate has expired; renew it")
      return
    }
    health.report(check: Self.checkName, status: .healthy)
  }
}

/// A connection with the TLS configuration of its moment, or without one, within its limits.
struct LimitedChannel: ServerChildChannel {
  typealias Value = HTTP1Channel.Value

  let base: HTTP1Channel
  let tls: TLSChannelSource?

  /// A server whose connections keep to `limits`, with TLS where there is a configuration.
  static func server(_ limits: Limits, tls: TLSReload?) -> HTTPServerBuilder {
    HTTPServerBuilder { responder in
      let base = HTTP1Channel(
        responder: responder,
        configuration: .init(
          additionalChannelHandlers: [LimitsHandler(limits)],
          httpDecoderConfiguration: .init(
            maxHeaderFieldSize: max(limits.urlSize, limits.headerSize) + 1,
            maxHeaderListSize: limits.urlSize + limits.headerSize,
            maxHeaderFieldCount: limits.fieldCount)))
      return LimitedChannel(base: base, tls: try tls.map { try TLSChannelSource($0, base: base) })
    }
  }

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    if let tls {
      do {
        return try tls.channel().setup(channel: channel, logger: logger)
      } catch {
        return channel.eventLoop.makeFailedFuture(error)
      }
    }
    return Counted(base: base).setup(channel: channel, logger: logger)
  }

  func handle(value: Value, logger: Logger) async {
    await base.handle(value: value, logger: logger)
  }
}

/// The counter of `LimitsHandler` below the HTTP decoder, and above TLS where there is any; and
/// `MessageRules` above the decoder.
struct Counted: ServerChildChannel {
  typealias Value = HTTP1Channel.Value
  let base: HTTP1Channel

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    channel.eventLoop.makeCompletedFuture {
      try channel.pipeline.syncOperations.addHandler(LimitsLineCounter())
    }.flatMap {
      base.setup(channel: channel, logger: logger)
    }.flatMapThrowing { value in
      let pipeline = channel.pipeline.syncOperations
      let codec = try pipeline.handler(type: HTTP1ToHTTPServerCodec.self)
      try pipeline.addHandler(MessageRules(), position: .before(codec))
      return value
    }
  }

  func handle(value: Value, logger: Logger) async {
    await base.handle(value: value, logger: logger)
  }
}

/// Makes the TLS side of connections, anew when the files have changed. Safe from any thread.
final class TLSChannelSource: Sendable {
  private struct Made {
    var digest: Digest
    var channel: TLSChannel<Counted>
  }
  private let reload: TLSReload
  private let base: HTTP1Channel
  private let made: Mutex<Made>

  init(_ reload: TLSReload, base: HTTP1Channel) throws {
    self.reload = reload
    self.base = base
    made = Mutex(try Self.make(reload.contents, base))
  }

  func channel() throws -> TLSChannel<Counted> {
    let contents = reload.contents
    return try made.withLock { made in
      if made.digest != contents.digest { made = try Self.make(contents, base) }
      return made.channel
    }
  }

  private static func make(_ contents: TLSFiles.Contents, _ base: HTTP1Channel) throws -> Made {
    Made(
      digest: contents.digest,
      channel: try TLSChannel(
        Counted(base: base), tlsConfiguration: contents.configuration))
  }
}
