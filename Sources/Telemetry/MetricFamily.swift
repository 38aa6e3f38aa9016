import Synchronization

/// All series of one metric. Safe from any thread.
final class MetricFamily: Sendable {
  enum Kind: String, Sendable { case counter, gauge, histogram }

  enum Series: Sendable {
    case scalar(ScalarSeries)
    case histogram(HistogramSeries)
  }

  let declaration: MetricDeclaration
  let kind: Kind
  private let series = Mutex<[String: Series]>([:])

  init(_ declaration: MetricDeclaration, kind: Kind) {
    self.declaration = declaration
    self.kind = kind
  }

  /// The series of a label set, and whether the set had to be collapsed into `other`.
  func series(_ dimensions: [(String, String)]) -> (series: Series, collapsed: Bool) {
    let labels = PrometheusText.labels(dimensions)
    return series.withLock { known in
      if let found = known[labels] { return (found, false) }
      // The collapsed series is allowed beyond the bound: it is one.
      let collapsed = known.count >= declaration.maximumSeries && !dimensions.isEmpty
      let key = collapsed ? PrometheusText.labels(dimensions.map { ($0.0, "other") }) : labels
      if let found = known[key] { return (found, collapsed) }
      let made: Series =
        kind == .histogram
        ? .histogram(HistogramSeries(bounds: declaration.buckets))
        : .scalar(ScalarSeries(isCounter: kind == .counter))
      known[key] = made
      return (made, collapsed)
    }
  }

  /// Every series with its rendered labels, sorted.
  func snapshot() -> [(labels: String, series: Series)] {
    series.withLock { $0.map { ($0.key, $0.value) } }.sorted { $0.labels < $1.labels }
  }
}
