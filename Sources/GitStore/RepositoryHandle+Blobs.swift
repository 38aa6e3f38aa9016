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

  /// How alike two files are, 0 to 100, as `git diff -M` counts.
  public func similarity(_ one: [UInt8], _ other: [UInt8]) -> Int {
    ContentSignature(one).similarity(to: ContentSignature(other))
  }
}
