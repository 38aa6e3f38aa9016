import CoreMetrics
import Foundation
import Testing

@testable import Telemetry

@Suite struct PrometheusRegistryTests {
  @Test func exposesEveryKindAsPrometheusText() {
    let registry = PrometheusRegistry(declarations: [
      MetricDeclaration(name: "wait_seconds", help: "Wait.", buckets: [0.1, 1])
    ])
    registry.makeCounter(label: "sync.runs", dimensions: [("tenant", "a\"b\\c\n")]).increment(by: 2)
    registry.makeFloatingPointCounter(label: "burnt", dimensions: []).increment(by: 0.5)
    registry.makeMeter(label: "depth", dimensions: []).set(Int64(7))
    let timer = registry.makeTimer(label: "wait", dimensions: [])
    timer.recordNanoseconds(100_000_000)
    timer.recordNanoseconds(5_000_000_000)
    let text = registry.exposition()
    for line in [
      "# TYPE sync_runs_total counter", "sync_runs_total{tenant=\"a\\\"b\\\\c\\n\"} 2",
      "burnt_total 0.5", "# TYPE depth gauge", "depth 7", "# HELP wait_seconds Wait.",
      "wait_seconds_bucket{le=\"0.1\"} 1", "wait_seconds_bucket{le=\"1\"} 1",
      "wait_seconds_bucket{le=\"+Inf\"} 2", "wait_seconds_sum 5.1", "wait_seconds_count 2",
    ] { #expect(text.contains(line + "\n"), "\(line)") }
    #expect(text.contains("process_resident_memory_bytes "))
    #expect(text.contains("process_start_time_seconds "))
  }

  @Test func collapsesLabelSetsBeyondTheBound() {
    let registry = PrometheusRegistry(declarations: [
      MetricDeclaration(name: "hits_total", help: "Hits.", maximumSeries: 2)
    ])
    for index in 0..<10 {
      registry.makeCounter(label: "hits", dimensions: [("path", "p\(index)")]).increment(by: 1)
    }
    let text = registry.exposition()
    #expect(text.contains("hits_total{path=\"other\"} 8\n"))
    #expect(text.contains("telemetry_collapsed_label_sets_total{metric=\"hits_total\"} 8\n"))
  }

  @Test func aCounterNeverFallsAndANameKeepsItsKind() {
    let registry = PrometheusRegistry()
    let counter = registry.makeCounter(label: "n", dimensions: [])
    counter.increment(by: 3)
    counter.increment(by: -2)
    registry.makeMeter(label: "n_total", dimensions: []).set(Int64(99))
    #expect(registry.exposition().contains("\nn_total 3\n"))
  }

  @Test func losesNothingUnderConcurrency() async {
    let registry = PrometheusRegistry()
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask {
          for _ in 0..<1000 {
            registry.makeCounter(label: "c", dimensions: [("a", "b")]).increment(by: 1)
            registry.histogram("h_seconds").observe(0.2)
          }
        }
      }
    }
    let text = registry.exposition()
    #expect(text.contains("c_total{a=\"b\"} 8000\n"))
    #expect(text.contains("h_seconds_count 8000\n"))
  }

  static let promtool = ["/usr/bin/promtool", "/usr/local/bin/promtool"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  @Test(.enabled(if: promtool != nil, "SKIPPED: promtool (package prometheus) is not installed"))
  func isCleanToPromtool() throws {
    let registry = PrometheusRegistry()
    registry.makeCounter(label: "runs", dimensions: [("t", "x")]).increment(by: 1)
    registry.makeTimer(label: "run", dimensions: []).recordNanoseconds(5)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(Self.promtool))
    process.arguments = ["check", "metrics"]
    let (input, output) = (Pipe(), Pipe())
    process.standardInput = input
    process.standardOutput = output
    process.standardError = output
    try process.run()
    input.fileHandleForWriting.write(Data(registry.exposition().utf8))
    try input.fileHandleForWriting.close()
    let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0 && said.isEmpty, "\(said)")
  }
}
