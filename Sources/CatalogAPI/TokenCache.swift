import Hashing
import Synchronization
import UtilityModel

/// Claims of tokens that were verified, so that a signature is checked once.
///
/// Keyed by the token's SHA-256: no token is kept. Bounded; safe from any thread.
final class TokenCache: Sendable {
  private struct Entry {
    var claims: TokenClaims
    /// The key set that verified it.
    var generation: UInt64
  }
  private let entries: Mutex<RecencyTable<Digest, Entry>>

  init(capacity: Int = 8192) { entries = Mutex(RecencyTable(capacity: capacity)) }

  /// The claims of a token that the present key set verified.
  func claims(of token: Digest, generation: UInt64) -> TokenClaims? {
    entries.withLock { entries in
      guard let entry = entries[token], entry.generation == generation else { return nil }
      return entry.claims
    }
  }

  func store(_ claims: TokenClaims, of token: Digest, generation: UInt64) {
    entries.withLock { $0[token] = Entry(claims: claims, generation: generation) }
  }

  func forget(_ token: Digest) { entries.withLock { $0[token] = nil } }
}
