import AsyncHTTPClient
import Concurrency
import Foundation
import Glibc
import NIOCore

/// Where keys come from: a file or an address.
public enum KeySetSource: Sendable, Hashable {
  /// A JWK set in a file, which is watched.
  case file(String)
  /// A JWK set at an `https` or `http` address, which is asked again and again.
  case url(String)

  /// `https://…` and `http://…` are addresses; everything else is a path.
  public init(_ text: String) {
    let lower = text.lowercased()
    self = lower.hasPrefix("https://") || lower.hasPrefix("http://") ? .url(text) : .file(text)
  }

  /// Whether what comes from there could be altered on its way.
  public var isCleartext: Bool {
    guard case .url(let text) = self, text.lowercased().hasPrefix("http://") else { return false }
    let host = URL(string: text)?.host() ?? ""
    return !ListenAddress.isLoopback(host)
  }
}

/// A file of keys or secrets, read whole and checked.
struct KeySetFile: Sendable {
  /// What tells one state of a file from the next without reading it.
  struct Stamp: Equatable, Sendable {
    var inode: UInt
    var size: Int
    var seconds: Int
    var nanoseconds: Int
  }

  /// Why a file is not used. Names no content.
  struct Refusal: Error, CustomStringConvertible {
    var description: String
  }

  let path: String
  /// Whether whoever writes the file could take the agent's part.
  var isSecret = false

  private static let pool = BlockingPool(name: "keys", width: 1)

  /// The file's state, following links; nil where there is none.
  func stamp() async -> Stamp? {
    await Self.pool.run { Self.status(path).map(Self.stamp) }
  }

  /// The content and the state that it was read in. Throws `Refusal`.
  func read() async throws(Refusal) -> (bytes: [UInt8], stamp: Stamp) {
    let file = self
    return try await Self.pool.run { () throws(Refusal) in try file.contents() }
  }

  /// Whether everybody on this machine may read the file.
  func isWorldReadable() async -> Bool {
    await Self.pool.run { Self.status(path).map { $0.st_mode & 0o004 != 0 } ?? false }
  }

  /// Without the end of line that editors and `echo` leave.
  static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    if bytes.last == UInt8(ascii: "\r") { bytes.removeLast() }
    return bytes
  }

  private func contents() throws(Refusal) -> (bytes: [UInt8], stamp: Stamp) {
    guard let status = Self.status(path) else {
      throw Refusal(description: "\(path) cannot be read: give an existing, readable file")
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      throw Refusal(description: "\(path) is no regular file")
    }
    if isSecret, status.st_mode & 0o022 != 0 {
      throw Refusal(
        description: "\(path) can be written by others than its owner, who could put a secret of "
          + "their own there: chmod 0400 it")
    }
    guard status.st_size <= KeySet.sizeLimit else {
      throw Refusal(description: "\(path) is larger than \(KeySet.sizeLimit) bytes")
    }
    do {
      return (Array(try Data(contentsOf: URL(filePath: path))), Self.stamp(status))
    } catch {
      throw Refusal(description: "\(path) cannot be read: give the agent's user the right to")
    }
  }

  private static func status(_ path: String) -> stat? {
    var status = stat()
    return stat(path, &status) == 0 ? status : nil
  }

  private static func stamp(_ status: stat) -> Stamp {
    Stamp(
      inode: status.st_ino, size: status.st_size, seconds: status.st_mtim.tv_sec,
      nanoseconds: status.st_mtim.tv_nsec)
  }
}

/// Fetches a JWK set. Follows no redirect, reads at most `KeySet.sizeLimit` bytes.
enum KeySetDownload {
  /// Why there is no usable set at the address now. Names no part of the answer.
  struct Failure: Error, CustomStringConvertible {
    var description: String
  }

  static let timeout = TimeAmount.seconds(5)

  /// The document at an address.
  static func bytes(at address: String) async throws(Failure) -> [UInt8] {
    var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
    configuration.timeout = .init(connect: timeout, read: timeout)
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    let result: Result<[UInt8], Failure>
    do {
      var request = HTTPClientRequest(url: address)
      request.headers.add(name: "Accept", value: "application/jwk-set+json, application/json")
      let response = try await client.execute(request, timeout: timeout)
      if response.status == .ok {
        let body = try await response.body.collect(upTo: KeySet.sizeLimit)
        result = .success(Array(body.readableBytesView))
      } else {
        result = .failure(
          Failure(description: "the address answers with status \(response.status.code)"))
      }
    } catch is NIOTooManyBytesError {
      result = .failure(
        Failure(description: "the answer has more than \(KeySet.sizeLimit) bytes"))
    } catch {
      result = .failure(Failure(description: "the address does not answer: \(error)"))
    }
    do {
      try await client.shutdown()
    } catch {
      // Only a connection that is closing already says so; the answer is complete or refused.
    }
    return try result.get()
  }
}
