import Logging
import UtilityModel

/// Where the collecting of one server's calls is.
///
/// What was kept is told with the next question, so that an agent that is killed in between gets it again.
struct ExecutionCursor: Sendable {
  private static let longestPause = Duration.seconds(15)

  /// The last call that was kept.
  private var last = 0
  /// When to ask again: more seldom while nothing comes.
  private(set) var next = ContinuousClock.now
  private var pause = Duration.seconds(1)
  /// Somebody asks at this moment.
  var isAsking = false

  /// Hands all that a server has to `keeper`, page after page. What fails is tried again.
  mutating func fetch(
    from channel: ControlChannel, _ slot: RuntimeSlot, _ keeper: ExecutionKeeper, _ logger: Logger
  ) async {
    defer { next = ContinuousClock.now + pause }
    do {
      while true {
        let page = try await channel.executions(after: last)
        if page.dropped > 0 {
          logger.warning(
            "calls of utilities were dropped before they were recorded",
            metadata: ["tenant_code": "\(slot.tenant)", "count": "\(page.dropped)"])
        }
        if page.records.unreadable > 0 {
          logger.warning(
            "calls of utilities are not recorded: what the server tells of them is not valid",
            metadata: [
              "tenant_code": "\(slot.tenant)", "count": "\(page.records.unreadable)",
            ])
        }
        guard page.last > last else {
          pause = min(pause * 2, Self.longestPause)
          return
        }
        if !page.records.calls.isEmpty { try await keeper(slot, page.records.calls) }
        last = page.last
        pause = .seconds(1)
      }
    } catch let error as EngineFailure {
      logger.debug(
        "a server does not tell its calls", metadata: ["runtime": "\(slot)", "error": "\(error)"])
    } catch {
      logger.error(
        "calls of utilities cannot be recorded yet",
        metadata: ["tenant_code": "\(slot.tenant)", "error": "\(error)"])
    }
  }
}
