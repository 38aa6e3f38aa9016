/// The Prometheus text exposition format 0.0.4.
enum PrometheusText {
  /// `a="b",c="d"`, sorted by name, values escaped; "" without labels.
  static func labels(_ dimensions: [(String, String)]) -> String {
    if dimensions.isEmpty { return "" }
    return dimensions.map { (name($0.0, colons: false), $0.1) }.sorted { $0.0 < $1.0 }
      .map { "\($0.0)=\"\(escaped($0.1, quotes: true))\"" }.joined(separator: ",")
  }

  /// `text` with each character that a name may not have replaced by `_`.
  static func name(_ text: String, colons: Bool = true) -> String {
    var result = ""
    for (index, scalar) in text.unicodeScalars.enumerated() {
      switch scalar {
      case "a"..."z", "A"..."Z", "_": result.unicodeScalars.append(scalar)
      case ":" where colons: result.unicodeScalars.append(scalar)
      case "0"..."9":
        if index == 0 { result += "_" }
        result.unicodeScalars.append(scalar)
      default: result += "_"
      }
    }
    return result.isEmpty ? "_" : result
  }

  /// Appends one family with its `HELP` and `TYPE`; nothing where it has no series.
  static func append(_ family: MetricFamily, to text: inout String) {
    let series = family.snapshot()
    if series.isEmpty { return }
    let name = family.declaration.name
    text += "# HELP \(name) \(escaped(family.declaration.help, quotes: false))\n"
    text += "# TYPE \(name) \(family.kind.rawValue)\n"
    for (labels, series) in series {
      switch series {
      case .scalar(let scalar): sample(name, labels, scalar.value, to: &text)
      case .histogram(let histogram):
        let state = histogram.read()
        var total: UInt64 = 0
        let separator = labels.isEmpty ? "" : ","
        for (index, count) in state.counts.enumerated() {
          total += count
          let bound = index < histogram.bounds.count ? number(histogram.bounds[index]) : "+Inf"
          sample(
            name + "_bucket", "\(labels)\(separator)le=\"\(bound)\"", Double(total), to: &text)
        }
        sample(name + "_sum", labels, state.sum, to: &text)
        sample(name + "_count", labels, Double(total), to: &text)
      }
    }
  }

  private static func sample(
    _ name: String, _ labels: String, _ value: Double, to text: inout String
  ) {
    text += name
    if !labels.isEmpty { text += "{\(labels)}" }
    text += " \(number(value))\n"
  }

  private static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value < 0 ? "-Inf" : "+Inf" }
    return Int64(exactly: value).map(String.init) ?? value.description
  }

  private static func escaped(_ text: String, quotes: Bool) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\"" where quotes: result += "\\\""
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
