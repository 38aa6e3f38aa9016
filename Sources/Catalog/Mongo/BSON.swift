import CMongoC
import Glibc

/// A BSON document, put together field by field or received: owns a `bson_t`.
///
/// Used by one thread at a time, within one piece of work; only values leave it.
final class BSON {
  // Swift sees a structure of this alignment as opaque.
  let pointer: OpaquePointer

  /// An empty document.
  init() { pointer = bson_new() }

  /// Takes over a document that libbson made.
  init(owning pointer: OpaquePointer) { self.pointer = pointer }

  /// A document that `build` fills.
  convenience init(_ build: (BSON) throws -> Void) rethrows {
    self.init()
    try build(self)
  }

  /// A copy.
  convenience init(copying other: OpaquePointer) { self.init(owning: bson_copy(other)) }

  /// Reads Extended JSON. Throws `CatalogError` (`corrupt`) where the text is none.
  convenience init(json: [UInt8]) throws(CatalogError) {
    var error = bson_error_t()
    let made = json.withUnsafeBufferPointer {
      bson_new_from_json($0.baseAddress, $0.count, &error)
    }
    guard let made else {
      throw CatalogError.corruptDocument(cause: "it is no Extended JSON")
    }
    self.init(owning: made)
  }

  /// What a call of libmongoc answers. Throws `MongoError` where the call gives false.
  static func reply(
    _ call: (OpaquePointer, UnsafeMutablePointer<bson_error_t>) -> Bool
  ) throws(MongoError) -> BSON {
    // The call initialises the reply, whatever was there: so it is no document of `bson_new`.
    let room = UnsafeMutableRawPointer.allocate(byteCount: Self.size, alignment: Self.size)
    defer { room.deallocate() }
    let reply = OpaquePointer(room)
    var error = bson_error_t()
    let succeeded = call(reply, &error)
    defer { bson_destroy(reply) }
    let copy = BSON(copying: reply)
    guard succeeded else { throw MongoError(error, reply: copy) }
    return copy
  }

  /// The size and the alignment of a `bson_t`, both fixed by libbson's interface.
  private static let size = 128

  deinit { bson_destroy(pointer) }

  // MARK: Writing

  /// Appending fails beyond 2 GiB only, which nothing here comes near.
  private func appended(_ succeeded: Bool) {
    precondition(succeeded, "a BSON document is too large to be put together")
  }

  func set(_ key: String, _ value: String) {
    appended(bson_append_utf8(pointer, key, -1, value, Int32(value.utf8.count)))
  }
  func set(_ key: String, _ value: Int32) { appended(bson_append_int32(pointer, key, -1, value)) }
  func set(_ key: String, _ value: Int64) { appended(bson_append_int64(pointer, key, -1, value)) }
  func set(_ key: String, _ value: Double) {
    appended(bson_append_double(pointer, key, -1, value))
  }
  func set(_ key: String, _ value: Bool) { appended(bson_append_bool(pointer, key, -1, value)) }
  func set(_ key: String, _ value: BSON) {
    appended(bson_append_document(pointer, key, -1, value.pointer))
  }
  func setNull(_ key: String) { appended(bson_append_null(pointer, key, -1)) }

  /// A nested document.
  func set(_ key: String, _ build: (BSON) -> Void) { set(key, BSON(build)) }

  /// An array of strings.
  func set(_ key: String, _ values: [String]) {
    setArray(key, values) { array, index, value in array.set(index, value) }
  }

  /// An array of documents.
  func set(_ key: String, _ values: [BSON]) {
    setArray(key, values) { array, index, value in array.set(index, value) }
  }

  /// An array, each element of which `append` writes under its index.
  func setArray<Element>(
    _ key: String, _ values: [Element], _ append: (BSON, String, Element) -> Void
  ) {
    let array = BSON()
    for (index, value) in values.enumerated() { append(array, "\(index)", value) }
    appended(bson_append_array(pointer, key, -1, array.pointer))
  }

  /// Binary data, subtype 0.
  func set(binary key: String, _ bytes: [UInt8]) {
    appended(
      bytes.withUnsafeBufferPointer {
        bson_append_binary(
          pointer, key, -1, BSON_SUBTYPE_BINARY, $0.baseAddress ?? Self.nowhere,
          UInt32($0.count))
      })
  }

  /// What an empty array's data points to: libbson wants an address and reads nothing from it.
  private static var nowhere: UnsafePointer<UInt8> {
    UnsafePointer(bitPattern: MemoryLayout<UInt64>.alignment).unsafelyUnwrapped
  }

  /// An ObjectId by its 24 hexadecimal digits. Throws `CatalogError` (`corrupt`) for other text.
  func set(objectID key: String, _ text: String) throws(CatalogError) {
    guard bson_oid_is_valid(text, text.utf8.count), text.utf8.count == 24 else {
      throw CatalogError.corruptDocument(cause: "it has no ObjectId")
    }
    var id = bson_oid_t()
    bson_oid_init_from_string(&id, text)
    appended(bson_append_oid(pointer, key, -1, &id))
  }

  /// A new ObjectId as the document's `_id`.
  func setNewID() {
    var id = bson_oid_t()
    bson_oid_init(&id, nil)
    appended(bson_append_oid(pointer, "_id", -1, &id))
  }

  /// How many bytes the document has.
  var size: Int { Int(sync_bson_length(pointer)) }

  /// Appends all fields of another document.
  func append(_ other: BSON) { appended(bson_concat(pointer, other.pointer)) }

  /// Copies a top-level field of a document, under another name where one is given.
  @discardableResult
  func copy(_ key: String, of other: BSON, as name: String? = nil) -> Bool {
    sync_bson_copy_field(other.pointer, key, pointer, name ?? key)
  }

  // MARK: Reading. A path has dots between its names.

  func string(_ path: String) -> String? {
    var count: UInt32 = 0
    guard let start = sync_bson_string(pointer, path, &count) else { return nil }
    let bytes = UnsafeRawBufferPointer(start: start, count: Int(count))
    return String(decoding: bytes, as: UTF8.self)
  }

  func integer(_ path: String) -> Int64? {
    var value: Int64 = 0
    return sync_bson_integer(pointer, path, &value) ? value : nil
  }

  func date(_ path: String) -> Int64? {
    var value: Int64 = 0
    return sync_bson_date(pointer, path, &value) ? value : nil
  }

  /// An ObjectId's 24 hexadecimal digits.
  func objectID(_ path: String) -> String? {
    var text = [CChar](repeating: 0, count: 25)
    guard sync_bson_object_id(pointer, path, &text) else { return nil }
    return String(decoding: text.prefix(24).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  func document(_ path: String) -> BSON? {
    sync_bson_document(pointer, path).map(BSON.init(owning:))
  }

  /// The bytes of a top-level binary field.
  func binary(_ key: String) -> [UInt8]? {
    var (start, count): (UnsafePointer<UInt8>?, UInt32) = (nil, 0)
    guard sync_bson_binary(pointer, key, &start, &count) else { return nil }
    return Array(UnsafeBufferPointer(start: start, count: Int(count)))
  }

  func has(_ path: String) -> Bool { sync_bson_has(pointer, path) }

  /// A copy without some top-level fields.
  func without(_ keys: String...) -> BSON {
    let names = keys.map { strdup($0) }
    defer { for name in names { free(name) } }
    var list = names.map { UnsafePointer($0) } + [nil]
    return BSON(owning: sync_bson_without(pointer, &list))
  }

  /// Relaxed Extended JSON: numbers, strings and the like as JSON has them.
  var json: [UInt8] { text(bson_as_relaxed_extended_json) }

  /// Canonical Extended JSON: every value with its type.
  var canonicalJSON: [UInt8] { text(bson_as_canonical_extended_json) }

  private func text(
    _ convert: (OpaquePointer?, UnsafeMutablePointer<Int>?) -> UnsafeMutablePointer<CChar>?
  ) -> [UInt8] {
    var count = 0
    guard let text = convert(pointer, &count) else { return [] }
    defer { bson_free(text) }
    return Array(UnsafeRawBufferPointer(start: text, count: count))
  }
}
