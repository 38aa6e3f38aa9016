import Catalog
import Foundation
import Logging
import Synchronization
import UtilityModel

/// Where a change stream goes on after the agent was away.
public protocol ResumeToken: Sendable {
  /// What was kept last, nil where nothing was.
  func read() -> String?
  /// Keeps a token; nil forgets it.
  func keep(_ token: String?)
}

extension LeaseKeeper {
  /// Follows the leases by a change stream until the task is cancelled; where there is none, the
  /// rounds come more often. Nothing depends on the stream but how soon a change is seen: what it
  /// misses is found by the next round, as every write is counted in its lease.
  func watch(_ stream: MongoLeaseStream, _ resume: any ResumeToken) async {
    let (events, feed) = AsyncStream.makeStream(of: Lease?.self)
    await withTaskGroup(of: Void.self) { group in
      group.addTask { for await lease in events { await self.notice(lease) } }
      group.addTask {
        await self.keepWatching(stream, resume) { feed.yield($0) }
        feed.finish()
      }
      await group.waitForAll()
    }
  }

  private func keepWatching(
    _ stream: MongoLeaseStream, _ resume: any ResumeToken,
    _ yield: @escaping @Sendable (Lease?) -> Void
  ) async {
    var token = resume.read()
    var isQuiet = false
    while !Task.isCancelled {
      isWatching = true
      let kept = KeptToken(token, resume)
      do {
        let end = try await withTaskCancellationHandler {
          try await stream.run(from: token, idle: { kept.settle() }) { lease, token in
            kept.set(token)
            yield(lease)
          }
        } onCancel: {
          stream.stop()
        }
        token = kept.flush()
        switch end {
        case .stopped: return
        case .tokenLost:
          token = nil
          resume.keep(nil)
          wake()
        case .refused(let reason):
          isWatching = false
          if !isQuiet {
            context.logger.notice(
              "the leases are read every second: the server has no change streams",
              metadata: ["reason": "\(reason)"])
          }
          isQuiet = true
          do { try await Task.sleep(for: .seconds(60)) } catch { return }
        }
      } catch {
        isWatching = false
        token = kept.flush()
        context.logger.debug("the leases cannot be watched", metadata: ["error": "\(error)"])
        do { try await Task.sleep(for: .seconds(1)) } catch { return }
      }
    }
  }
}

/// The newest token of a stream, kept at most once a second, and once it is quiet.
private final class KeptToken: Sendable {
  private struct State {
    var token: String?
    var isKept = true
    var kept = ContinuousClock.now
  }
  private let state: Mutex<State>
  private let resume: any ResumeToken

  init(_ token: String?, _ resume: any ResumeToken) {
    state = Mutex(State(token: token))
    self.resume = resume
  }

  func set(_ token: String) {
    let isDue = state.withLock { state in
      state.token = token
      state.isKept = ContinuousClock.now - state.kept >= .seconds(1)
      if state.isKept { state.kept = ContinuousClock.now }
      return state.isKept
    }
    if isDue { resume.keep(token) }
  }

  /// Keeps what was too soon to keep.
  func settle() {
    let token = state.withLock { state -> String? in
      guard !state.isKept else { return nil }
      (state.isKept, state.kept) = (true, ContinuousClock.now)
      return state.token
    }
    if let token { resume.keep(token) }
  }

  func flush() -> String? {
    let token = state.withLock { $0.token }
    resume.keep(token)
    return token
  }
}
