/// Why a closure that reads git cannot answer a request.
public enum GitReadRefusal: Error, Sendable {
  /// As many reads wait already as may.
  case busy
  /// The file is larger than a utility may be.
  case tooLarge
  /// Several commits begin with the digits that were given.
  case ambiguous
}
