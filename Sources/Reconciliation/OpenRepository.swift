import GitStore
import Synchronization
import UtilityModel
import Validation

/// One tenant's repository, opened once for a reconcile and read by one thread at a time.
///
/// Every call blocks, on the disk and on another thread's call. Lives as long as the reconcile and
/// no longer: an open repository holds its packs.
final class OpenRepository: Sendable {
  /// The repository's folder.
  let path: String
  private let handle: Mutex<RepositoryHandle?>
  /// Small blobs that were read: the catalog asks for what was just judged.
  private let blobs = Mutex<Blobs>(Blobs())

  private struct Blobs {
    var bytes: [ObjectID: [UInt8]] = [:]
    var room = 32 << 20
  }
  private static let smallBlob = 64 << 10

  /// Opens the repository at `path`, and a further object folder in it. Throws `GitError`.
  init(path: String, additionalObjects: String? = nil) throws(GitError) {
    self.path = path
    handle = Mutex(try RepositoryHandle(path: path, additionalObjects: additionalObjects))
  }

  /// Lends the handle. Throws what `body` throws, or `GitError` after `close()`.
  func read<Value: Sendable>(
    _ body: (borrowing RepositoryHandle) throws(GitError) -> Value
  ) throws(GitError) -> Value {
    try handle.withLock { (handle) throws(GitError) -> Value in
      switch handle {
      case .some(let open): return try body(open)
      case .none:
        throw GitError("read", .other, subject: "the repository", cause: "it is closed already")
      }
    }
  }

  /// Gives the packs and descriptors back; later reads throw.
  func close() {
    handle.withLock { $0 = nil }
    blobs.withLock { $0 = Blobs() }
  }
}

extension OpenRepository: BlobReader {
  /// The blob's bytes, if there are at most `limit`.
  func read(_ id: ObjectID, limit: Int) -> BlobContent {
    if let kept = blobs.withLock({ $0.bytes[id] }), kept.count <= limit { return .bytes(kept) }
    do throws(GitError) {
      let content = try read { (handle) throws(GitError) -> BlobContent in
        do throws(GitError) {
          return .bytes(try handle.blob(id, limit: limit))
        } catch {
          guard error.code == .tooLarge else { throw error }
          return .tooLarge(try handle.blobSize(id))
        }
      }
      if case .bytes(let bytes) = content { keep(bytes, of: id) }
      return content
    } catch {
      return .unreadable(error.cause)
    }
  }

  /// Reads blobs, at most `limit` bytes each, and keeps them as far as there is room: for who must not
  /// wait for git when it asks. What cannot be read is left to that call.
  func prefetch(_ ids: [ObjectID], limit: Int) {
    for id in ids where blobs.withLock({ $0.bytes[id] == nil && $0.room > 0 }) {
      if case .bytes(let bytes) = read(id, limit: limit) { keep(bytes, of: id, upTo: limit) }
    }
  }

  /// Those of the blobs that are kept and have more than `size` bytes.
  func kept(among ids: [ObjectID], beyond size: Int) -> Set<ObjectID> {
    blobs.withLock { blobs in Set(ids.filter { blobs.bytes[$0].map { $0.count > size } == true }) }
  }

  /// Gives back what is kept of blobs that nobody will ask for again.
  func forget(_ ids: [ObjectID]) {
    blobs.withLock { blobs in
      for id in ids {
        if let bytes = blobs.bytes.removeValue(forKey: id) { blobs.room += bytes.count }
      }
    }
  }

  private func keep(_ bytes: [UInt8], of id: ObjectID, upTo limit: Int = smallBlob) {
    guard bytes.count <= limit else { return }
    blobs.withLock { blobs in
      guard bytes.count <= blobs.room, blobs.bytes.updateValue(bytes, forKey: id) == nil else {
        return
      }
      blobs.room -= bytes.count
    }
  }
}
