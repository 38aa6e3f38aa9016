/// What is known of a metric before it is first used: its help text, buckets and bound.
public struct MetricDeclaration: Sendable {
  /// Prometheus's `DefBuckets`, in seconds.
  public static let defaultBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

  /// The name as it is exposed, suffix included (`..._total`, `..._seconds`).
  public var name: String
  /// One sentence for `# HELP`.
  public var help: String
  /// Upper bounds of a histogram's buckets, ascending, in the metric's unit, without `+Inf`.
  public var buckets: [Double]
  /// How many label sets are kept apart; further ones are counted under the value `other`.
  public var maximumSeries: Int

  /// A declaration.
  public init(
    name: String, help: String, buckets: [Double] = defaultBuckets, maximumSeries: Int = 1000
  ) {
    self.name = name
    self.help = help
    self.buckets = buckets
    self.maximumSeries = max(1, maximumSeries)
  }
}
