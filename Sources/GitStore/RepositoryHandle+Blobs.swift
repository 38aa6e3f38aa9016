import CLibgit2
import UtilityModel

extension RepositoryHandle {
  /// A blob's size in bytes, from its header only; throws `corrupt` if it is missing or no blob.
  public func blobSize(_ id: ObjectID) throws(GitError) -> Int {
    let operation = "read a blob's size"
    let (size, kind) = try header(id, operation: operation)
    guard kind == GIT_OBJECT_BLOB else {
      throw error(operation, .corrupt, "object \(id) is a \(Self.name(of: kind)), not a blob")
    }
    return size
  }

  /// A blob's bytes, checked against its id.
  ///
  /// Throws `tooLarge` beyond `limit` bytes (without reading them), `corrupt` if it is missing,
  /// damaged or no blob.
  public func blob(_ id: ObjectID, limit: Int) throws(GitError) -> [UInt8] {
    try withBlob(id, limit: limit) { (bytes) throws(GitError) in [UInt8](bytes) }
  }

  /// Lends a blob's bytes to `body` without a copy; otherwise as `blob(_:limit:)`.
  public func withBlob<Value>(
    _ id: ObjectID, limit: Int, _ body: (UnsafeRawBufferPointer) throws(GitError) -> Value
  ) throws(GitError) -> Value {
    let object = try object(id, kind: GIT_OBJECT_BLOB, limit: limit, operation: "read a blob")
    defer { withExtendedLifetime(object) {} }
    return try body(object.bytes)
  }

  /// How alike two files are, 0 to 100, by the hashes of their lines.
  ///
  /// libgit2's measure of rename detection (`git_hashsig`), close to git's `-M`.
  public func similarity(_ one: [UInt8], _ other: [UInt8]) -> Int {
    if one == other { return 100 }
    guard !one.isEmpty, !other.isEmpty else { return 0 }
    guard let first = LineSignature(one), let second = LineSignature(other) else { return 0 }
    return first.similarity(to: second)
  }
}

/// The hashes of a file's lines.
private struct LineSignature: ~Copyable {
  private let pointer: OpaquePointer

  /// Hashes the lines; `nil` only when memory runs out.
  init?(_ bytes: [UInt8]) {
    var signature: OpaquePointer?
    let status = bytes.withUnsafeBytes { buffer in
      git_hashsig_create(
        &signature, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), buffer.count,
        GIT_HASHSIG_ALLOW_SMALL_FILES)
    }
    guard status == 0, let signature else { return nil }
    pointer = signature
  }

  deinit { git_hashsig_free(pointer) }

  func similarity(to other: borrowing LineSignature) -> Int {
    min(max(Int(git_hashsig_compare(pointer, other.pointer)), 0), 100)
  }
}
