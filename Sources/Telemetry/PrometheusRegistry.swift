public import CoreMetrics
import Synchronization

/// A swift-metrics backend that exposes what was recorded as Prometheus text.
///
/// Counter and FloatingPointCounter become counters (`_total` is added where it is missing), Meter
/// and non-aggregating Recorder gauges, aggregating Recorder a histogram, Timer a histogram in
/// seconds (`_seconds` is added where it is missing). Characters that a name may not have become
/// `_`. Safe from any thread; a metric that is held costs an atomic or a short lock for each record.
public final class PrometheusRegistry: MetricsFactory {
  /// The counter of label sets that were collapsed into `other`.
  static let collapsedName = "telemetry_collapsed_label_sets_total"

  private struct State {
    var declarations: [String: MetricDeclaration] = [:]
    var families: [String: MetricFamily] = [:]
  }
  private let state: Mutex<State>

  /// A registry that knows these metrics' help, buckets and bounds up front.
  public init(declarations: [MetricDeclaration] = []) {
    var state = State()
    for declaration in declarations { state.declarations[declaration.name] = declaration }
    state.declarations[Self.collapsedName] = MetricDeclaration(
      name: Self.collapsedName, help: "Label sets beyond a metric's bound, counted as other.")
    self.state = Mutex(state)
  }

  /// Declares a metric later than `init`; has no effect on one that was used already.
  public func declare(_ declaration: MetricDeclaration) {
    state.withLock { $0.declarations[declaration.name] = declaration }
  }

  /// A histogram's series, to be held by callers on a hot path.
  public func histogram(_ name: String, labels: [(String, String)] = []) -> HistogramSeries {
    guard case .histogram(let series) = series(name, .histogram, labels) else {
      return HistogramSeries(bounds: MetricDeclaration.defaultBuckets)
    }
    return series
  }

  /// Everything in exposition format 0.0.4 (`text/plain; version=0.0.4`), process metrics included.
  ///
  /// Reads a few files of `/proc`, which do not block.
  public func exposition() -> String {
    let families = state.withLock { Array($0.families.values) }
    var text = ""
    for family in families.sorted(by: { $0.declaration.name < $1.declaration.name }) {
      PrometheusText.append(family, to: &text)
    }
    ProcessMetrics.append(to: &text)
    return text
  }

  /// Makes a counter.
  public func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    scalar(Self.suffixed(label, "_total"), .counter, dimensions)
  }

  /// Makes a counter of fractions.
  public func makeFloatingPointCounter(
    label: String, dimensions: [(String, String)]
  ) -> any FloatingPointCounterHandler {
    scalar(Self.suffixed(label, "_total"), .counter, dimensions)
  }

  /// Makes a gauge.
  public func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    scalar(PrometheusText.name(label), .gauge, dimensions)
  }

  /// Makes a gauge, or a histogram where `aggregate` asks for one.
  public func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    aggregate
      ? histogram(PrometheusText.name(label), labels: dimensions)
      : scalar(PrometheusText.name(label), .gauge, dimensions)
  }

  /// Makes a histogram in seconds.
  public func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    histogram(Self.suffixed(label, "_seconds"), labels: dimensions)
  }

  /// Does nothing: a series stays, since a vanishing one spoils `rate()`.
  public func destroyCounter(_ handler: any CounterHandler) {}
  /// Does nothing, as `destroyCounter`.
  public func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {}
  /// Does nothing, as `destroyCounter`.
  public func destroyMeter(_ handler: any MeterHandler) {}
  /// Does nothing, as `destroyCounter`.
  public func destroyRecorder(_ handler: any RecorderHandler) {}
  /// Does nothing, as `destroyCounter`.
  public func destroyTimer(_ handler: any TimerHandler) {}

  private static func suffixed(_ label: String, _ suffix: String) -> String {
    let name = PrometheusText.name(label)
    return name.hasSuffix(suffix) ? name : name + suffix
  }

  private func scalar(
    _ name: String, _ kind: MetricFamily.Kind, _ labels: [(String, String)]
  ) -> ScalarSeries {
    guard case .scalar(let series) = series(name, kind, labels) else {
      return ScalarSeries(isCounter: kind == .counter)
    }
    return series
  }

  /// The series, or a nil where the name is in use by another kind: one name has one type in the
  /// exposition, so the second kind records into the void.
  private func series(
    _ name: String, _ kind: MetricFamily.Kind, _ labels: [(String, String)]
  ) -> MetricFamily.Series? {
    let family = state.withLock { state in
      if let known = state.families[name] { return known }
      let declaration =
        state.declarations[name] ?? MetricDeclaration(name: name, help: "Not described: \(name).")
      let made = MetricFamily(declaration, kind: kind)
      state.families[name] = made
      return made
    }
    guard family.kind == kind else { return nil }
    let (series, collapsed) = family.series(labels)
    if collapsed, name != Self.collapsedName {
      scalar(Self.collapsedName, .counter, [("metric", name)]).increment(by: 1.0)
    }
    return series
  }
}
