import Foundation
import Testing

@testable import Deployment

/// What servers tell of calls, one of which may be spoilt.
@Suite struct ToldCallsTests {
  private func record(_ id: Int, error: String = "") -> String {
    """
    {"_id":"\(id)","name":"n","createddate":1,"userid":0,"username":"","status":"failed",\
    "execution_time":0.5,"error_message":"\(error)","request":"","response":"","logs":[]}
    """
  }

  @Test func oneThatCannotBeReadTakesNoOtherWithIt() throws {
    let bad = [record(2, error: #"half \ud800"#), #"{"_id":5}"#, "7"]
    let records = ([record(1)] + bad + [record(3)]).joined(separator: ",")
    let line = #"{"event":"executions","last":5,"dropped":0,"records":[\#(records)]}"#
    let event = try ServerEvent(line: Array(line.utf8))
    #expect(event.records?.calls.map(\.id) == ["1", "3"])
    #expect(event.records?.unreadable == 3)
    let page = try JSONDecoder().decode(ControlChannel.Executions.self, from: Data(line.utf8))
    #expect(page.last == 5 && page.records.calls.count == 2)
  }
}
